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
	Reasons   []string  `json:"reasons"`
}

// hitEntry says one hit. If it alone has no room, less of its text is shown.
func hitEntry(place int, h memory.Hit, full bool, room int) entry {
	most := hitLength
	if full {
		most = utf8.RuneCountInString(h.Text)
	}
	for {
		shown := cut(h.Text, most, "...")
		e := entry{text: hitText(place, h, shown, full), data: hitData(h, shown)}
		if most == 0 || sizeOf(e.text) <= room-frame {
			return e
		}
		most /= 2
	}
}

func hitText(place int, h memory.Hit, shown string, full bool) string {
	var b strings.Builder
	fmt.Fprintf(&b, "\n%d. [Score: %.2f]", place, score(h.Score))
	if len(h.Tags) > 0 {
		fmt.Fprintf(&b, " [Tags: %s]", cut(strings.Join(h.Tags, ", "), tagsLength, "..."))
	}
	if full {
		fmt.Fprintf(&b, " [ID: %s] [Date: %s]", h.Memory, h.ValidFrom.UTC().Format("2006-01-02"))
	}
	fmt.Fprintf(&b, "\n%s\n", shown)
	return b.String()
}

func hitData(h memory.Hit, shown string) hitOut {
	out := hitOut{
		ID: h.Memory, Score: score(h.Score), Text: shown, Tags: append([]string{}, h.Tags...),
		Source: cut(h.Source, sourceLength, "..."), CreatedAt: stamp(h.CreatedAt),
		Others: h.Others, Reasons: reasons(h.Reasons),
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

func reasons(rs []memory.Reason) []string {
	out := make([]string, 0, mostReasons)
	for _, r := range rs[:min(len(rs), mostReasons)] {
		if r.What == "" {
			out = append(out, r.Kind)
			continue
		}
		out = append(out, r.Kind+": "+cut(r.What, causeLength, "..."))
	}
	return out
}
