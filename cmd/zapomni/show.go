package main

import (
	"fmt"
	"strings"
	"time"
	"unicode"

	"zapomni/cmd/zapomni/excerpt"
	"zapomni/memory"
)

// indent stands before each line of a hit but the first.
const indent = "    "

// show prints what a search found, for a person.
func (a *app) show(query string, hits []memory.Hit, full bool) error {
	st, find := a.style(), excerpt.New(query)
	var b strings.Builder
	for i, h := range hits {
		if i > 0 {
			b.WriteString("\n")
		}
		number := fmt.Sprintf("%2d. ", i+1)
		if st.reset != "" {
			number = st.number + number + st.reset
		}
		b.WriteString(number)
		if full {
			text := printable(h.Text, true)
			b.WriteString(strings.ReplaceAll(st.paint(text, find.Marks(text)), "\n", "\n"+indent))
		} else {
			b.WriteString(st.paint(find.Excerpt(printable(h.Text, false))))
		}
		b.WriteString("\n" + indent + st.faint + facts(h) + st.reset + "\n")
	}
	_, err := fmt.Fprint(a.out, b.String())
	return err
}

// facts is the line below the text of a hit.
func facts(h memory.Hit) string {
	parts := []string{fmt.Sprintf("%.2f", h.Score), moved(h.ValidFrom)}
	if len(h.Tags) > 0 {
		parts = append(parts, printable(strings.Join(h.Tags, ", "), false))
	}
	if h.Source != "" {
		parts = append(parts, printable(h.Source, false))
	}
	switch {
	case h.Others == 1:
		parts = append(parts, "1 more passage")
	case h.Others > 1:
		parts = append(parts, fmt.Sprintf("%d more passages", h.Others))
	}
	if h.Alike > 0 {
		parts = append(parts, fmt.Sprintf("%d more say the same", h.Alike))
	}
	for _, r := range h.Reasons {
		parts = append(parts, printable(because(r), false))
	}
	return strings.Join(append(parts, string(h.Memory)), " · ")
}

// because says why a hit was found.
func because(r memory.Reason) string {
	switch r.Kind {
	case memory.BecausePhrase:
		return "the whole phrase"
	case memory.BecauseLink:
		return "named in a hit"
	case memory.BecauseNeighbor:
		return "next to a hit"
	case memory.BecauseDate:
		return "tells when"
	case memory.BecauseSession:
		return "in the conversation of a hit"
	default:
		return r.Kind + ": " + r.What
	}
}

// moved is a time where the user is. Midnight of UTC was given as a date, and
// stays that date everywhere.
func moved(t time.Time) string {
	t = t.UTC()
	if t.Equal(t.Truncate(24 * time.Hour)) {
		return t.Format(time.DateOnly)
	}
	return t.Local().Format("2006-01-02 15:04")
}

// printable makes a text safe to print: what could move the cursor or recolor
// the screen is left out. Unless lines are kept, it becomes a single one.
func printable(text string, lines bool) string {
	if !lines {
		text = strings.Join(strings.Fields(text), " ")
	}
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' || unicode.Is(unicode.Bidi_Control, r) {
			return -1
		}
		return r
	}, text)
}

// paint marks parts of a text.
func (st style) paint(text string, marks []excerpt.Span) string {
	if st.mark == "" {
		return text
	}
	var b strings.Builder
	at := 0
	for _, m := range marks {
		b.WriteString(text[at:m.Start] + st.mark + text[m.Start:m.End] + st.reset)
		at = m.End
	}
	b.WriteString(text[at:])
	return b.String()
}
