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

// filter reads the dates. Both ends are meant to be included.
func (in filtersIn) filter() (memory.Filter, error) {
	f := memory.Filter{Tags: in.Tags, Source: in.Source}
	var err error
	if f.From, err = moment("filters.date_from", in.DateFrom, memory.ParseTime); err != nil {
		return f, err
	}
	f.To, err = moment("filters.date_to", in.DateTo, memory.ParseEnd)
	return f, err
}

// moment reads a date, or a time, which is UTC unless it says otherwise. A
// blank is no moment.
func moment(field, given string, parse func(string) (time.Time, error)) (time.Time, error) {
	s := strings.TrimSpace(given)
	if s == "" {
		return time.Time{}, nil
	}
	t, err := parse(s)
	if err != nil {
		return time.Time{}, refuse("Invalid input: %s: %s is neither a date (YYYY-MM-DD) nor a time (YYYY-MM-DDTHH:MM:SSZ)", field, quoted(given))
	}
	return t, nil
}
