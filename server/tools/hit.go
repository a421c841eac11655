package tools

import (
	"fmt"
	"math"
	"strings"
	"unicode/utf8"

	"zapomni/memory"
)

// How much of a hit is shown, in code points and in numbers.
const (
	hitLength    = 200 // of its text, unless whole passages are asked for
	tagsLength   = 300 // of its tags, together
	sourceLength = 200
	causeLength  = 60 // of each reason
	mostReasons  = 3
)

// hitOut is a hit as data. It holds the text as well: see answer.data.
type hitOut struct {
	ID        memory.ID `json:"memory_id"`
	Score     float64   `json:"score"`
	Text      string    `json:"text"`
	Tags      []string  `json:"tags"`
	Source    string    `json:"source,omitempty"`
	CreatedAt string    `json:"created_at"`
	ValidFrom string    `json:"valid_from,omitempty"` // unless created then
	Chunk     int       `json:"chunk,omitempty"`      // from 1, unless there is only one
	Chunks    int       `json:"chunks,omitempty"`
	Others    int       `json:"more_chunks_matched,omitempty"`
	Alike     int       `json:"more_that_say_the_same,omitempty"`
	Reasons   []string  `json:"reasons"`
}

// hitEntry says one hit. If it alone has no room, less of its text is shown.
func hitEntry(place int, h memory.Hit, l look, room int) entry {
	most := hitLength
	if l.full {
		most = utf8.RuneCountInString(h.Text)
	}
	for {
		shown := cut(h.Text, most, "...")
		e := entry{text: hitText(place, h, shown, l), data: hitData(h, shown, l)}
		if most == 0 || sizeOf(e.text) <= room-frame {
			return e
		}
		most /= 2
	}
}

func hitText(place int, h memory.Hit, shown string, l look) string {
	var b strings.Builder
	fmt.Fprintf(&b, "\n%d. [Score: %.2f]", place, score(h.Score))
	if len(h.Tags) > 0 {
		fmt.Fprintf(&b, " [Tags: %s]", cut(strings.Join(h.Tags, ", "), tagsLength, "..."))
	}
	if l.full {
		fmt.Fprintf(&b, " [ID: %s] [Date: %s]", h.Memory, h.ValidFrom.UTC().Format("2006-01-02"))
	}
	if h.Alike > 0 {
		fmt.Fprintf(&b, " [%d more say the same]", h.Alike)
	}
	fmt.Fprintf(&b, "\n%s\n", shown)
	if l.explain {
		fmt.Fprintf(&b, "(%s)\n", strings.Join(reasons(h.Reasons, true), "; "))
	}
	return b.String()
}

func hitData(h memory.Hit, shown string, l look) hitOut {
	out := hitOut{
		ID: h.Memory, Score: score(h.Score), Text: shown, Tags: append([]string{}, h.Tags...),
		Source: cut(h.Source, sourceLength, "..."), CreatedAt: stamp(h.CreatedAt),
		Others: h.Others, Alike: h.Alike, Reasons: reasons(h.Reasons, l.explain),
	}
	if from := stamp(h.ValidFrom); from != out.CreatedAt {
		out.ValidFrom = from
	}
	if h.Chunks > 1 {
		out.Chunk, out.Chunks = h.Chunk+1, h.Chunks
	}
	return out
}

// score is within 0 and 1 whatever it was, with four decimals: what is not a
// number could not be sent at all.
func score(f float64) float64 {
	if math.IsNaN(f) {
		return 0
	}
	return math.Round(1e4*min(max(f, 0), 1)) / 1e4
}

// reasons names the first few causes of a hit; all of them, each with what it
// is worth, to explain it.
func reasons(rs []memory.Reason, explain bool) []string {
	if !explain {
		rs = rs[:min(len(rs), mostReasons)]
	}
	out := make([]string, 0, len(rs))
	for _, r := range rs {
		said := r.Kind
		if r.What != "" {
			said += ": " + cut(r.What, causeLength, "...")
		}
		if explain {
			said += fmt.Sprintf(" (+%.2f)", r.Worth)
		}
		out = append(out, said)
	}
	return out
}
