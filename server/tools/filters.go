package tools

import (
	"strings"
	"time"

	"zapomni/memory"
)

type filtersIn struct {
	Tags     []string `json:"tags,omitempty"      jsonschema:"any of them"`
	Source   string   `json:"source,omitempty"`
	DateFrom string   `json:"date_from,omitempty"`
	DateTo   string   `json:"date_to,omitempty"   jsonschema:"that day included"`
}

// instant is the step of the clock that memories are kept by.
const instant = time.Microsecond

// filter reads the dates. Both ends are meant to be included, while a filter
// excludes its end, which is therefore put behind the last instant meant.
func (in filtersIn) filter() (memory.Filter, error) {
	f := memory.Filter{Tags: in.Tags, Source: in.Source}
	from, _, err := moment("filters.date_from", in.DateFrom)
	if err != nil {
		return f, err
	}
	f.From = from
	f.To, err = endOf("filters.date_to", in.DateTo)
	return f, err
}

// endOf reads an end that is meant to be included: the moment behind it.
func endOf(field, given string) (time.Time, error) {
	to, isDay, err := moment(field, given)
	switch {
	case err != nil || to.IsZero():
		return time.Time{}, err
	case isDay:
		return to.AddDate(0, 0, 1), nil
	default:
		return to.Add(instant), nil
	}
}

// moment reads a date, or a time, which is UTC unless it says otherwise. A
// blank is no moment.
func moment(field, given string) (t time.Time, isDay bool, err error) {
	s := strings.TrimSpace(given)
	if s == "" {
		return time.Time{}, false, nil
	}
	if t, err = memory.ParseTime(s); err == nil {
		_, notDay := time.Parse(time.DateOnly, s)
		return t, notDay == nil, nil
	}
	return time.Time{}, false, refuse("Invalid input: %s: %s is neither a date (YYYY-MM-DD) nor a time (YYYY-MM-DDTHH:MM:SSZ)", field, quoted(given))
}
