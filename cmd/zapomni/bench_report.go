package main

import (
	"cmp"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"zapomni/cmd/zapomni/retrieval"
	"zapomni/memory"
)

// benchmarked is what was measured on one set, as programs read it. Shares are
// from 0 to 1; those that --limit does not reach are left out.
type benchmarked struct {
	Set        string      `json:"set"`
	SHA256     string      `json:"sha256"` // of the data
	Documents  int         `json:"documents"`
	Workspaces int         `json:"workspaces"`
	Questions  int         `json:"questions"` // that were asked
	Unanswered int         `json:"questions_without_answer,omitempty"`
	ToUnknown  int         `json:"answers_to_unknown_questions,omitempty"`
	ByUnknown  int         `json:"answers_by_unknown_documents,omitempty"`
	Elsewhere  int         `json:"answers_in_other_workspaces,omitempty"`
	Chunks     int         `json:"chunks"`
	Embedded   int         `json:"embedded"` // of those
	Model      string      `json:"model,omitempty"`
	Store      string      `json:"store"`
	Mode       memory.Mode `json:"mode"`
	Fusion     string      `json:"fusion,omitempty"`
	Limit      int         `json:"limit"`
	R1         *float64    `json:"r_at_1,omitempty"`
	R5         *float64    `json:"r_at_5,omitempty"`
	R10        *float64    `json:"r_at_10,omitempty"`
	R50        *float64    `json:"r_at_50,omitempty"`
	MRR10      *float64    `json:"mrr_at_10,omitempty"`
	NDCG10     *float64    `json:"ndcg_at_10,omitempty"`
	P50        float64     `json:"p50_ms"` // of a question
	P95        float64     `json:"p95_ms"`
	Add        float64     `json:"add_seconds"`
	Embed      float64     `json:"embed_seconds"`
	Lacking    int         `json:"questions_without_meaning,omitempty"`
	Lacks      string      `json:"lacks,omitempty"`
}

// benchReport prints what was measured, set after set.
type benchReport struct {
	*bench
	width int      // of the column of names
	sums  []string // of the sets that have been told
}

func newBenchReport(b *bench, sets []*retrieval.Set) *benchReport {
	r := &benchReport{bench: b, width: len("SET")}
	for _, set := range sets {
		r.width = max(r.width, utf8.RuneCountInString(printable(set.Name, false)))
	}
	return r
}

// row prints what was measured on a set.
func (r *benchReport) row(set *retrieval.Set, m *benchmark) error {
	got := r.benchmarked(set, m)
	if r.json {
		return printJSON(r.out, got)
	}
	name := printable(set.Name, false)
	var b strings.Builder
	if len(r.sums) == 0 {
		r.head(&b, got)
	}
	r.sums = append(r.sums, set.SHA256+"  "+name)
	fmt.Fprintf(&b, "%-*s %9d %9d", r.width, name, got.Documents, got.Questions)
	for _, share := range []*float64{got.R1, got.R5, got.R10, got.R50, got.MRR10, got.NDCG10} {
		if share == nil {
			fmt.Fprintf(&b, " %7s", "-")
			continue
		}
		fmt.Fprintf(&b, " %7.1f", 100**share)
	}
	fmt.Fprintf(&b, " %7.1f %7.1f %8s %8s\n", got.P50, got.P95, brief(m.adding), brief(m.making))
	if _, err := fmt.Fprint(r.out, b.String()); err != nil {
		return fmt.Errorf("print: %w", err)
	}
	for _, doubt := range doubts(set, m) {
		r.complain(fmt.Errorf("%s: %s", name, doubt))
	}
	return nil
}

// head says what is measured, and by what.
func (r *benchReport) head(b *strings.Builder, got benchmarked) {
	search := fmt.Sprintf("%s, %d hits", got.Mode, got.Limit)
	if got.Fusion != "" {
		search = fmt.Sprintf("%s, fusion %s, %d hits", got.Mode, got.Fusion, got.Limit)
	}
	fmt.Fprintf(b, "Embedder:  %s\nStore:     %s\nSearch:    %s\n\n", cmp.Or(printable(got.Model, false), "none"), got.Store, search)
	fmt.Fprintf(b, "%-*s DOCUMENTS QUESTIONS     R@1     R@5    R@10    R@50  MRR@10 nDCG@10  P50 ms  P95 ms      ADD    EMBED\n", r.width, "SET")
}

// end prints the checksums of what was measured.
func (r *benchReport) end() error {
	if r.json {
		return nil
	}
	if _, err := fmt.Fprintf(r.out, "\nSHA-256 of the data:\n%s\n", strings.Join(r.sums, "\n")); err != nil {
		return fmt.Errorf("print: %w", err)
	}
	return nil
}

// doubts says what of the figures may not be meant so.
func doubts(set *retrieval.Set, m *benchmark) []string {
	var all []string
	for _, d := range []struct {
		n    int
		text string
	}{
		{set.Unanswered, "questions have no known answer, and were not asked"},
		{set.StrayQuestions, "answers are to a question that is not there, and count for nothing"},
		{set.StrayDocuments, "answers are a document that is not there, and count as not found"},
		{set.Elsewhere, "answers are in another workspace than their question, and count as not found"},
		{m.missing(), "chunks have no vector: the embedder did not take them"},
	} {
		if d.n > 0 {
			all = append(all, fmt.Sprintf("%d %s", d.n, d.text))
		}
	}
	if m.lacking > 0 {
		all = append(all, fmt.Sprintf("%d of %d questions went without meaning, or a part of it: %s", m.lacking, m.Questions, m.lacks))
	}
	return all
}

// benchmarked puts together what is printed.
func (r *benchReport) benchmarked(set *retrieval.Set, m *benchmark) benchmarked {
	got := benchmarked{
		Set: set.Name, SHA256: set.SHA256,
		Documents: len(set.Documents), Workspaces: len(m.spaces), Questions: m.Questions,
		Unanswered: set.Unanswered, ToUnknown: set.StrayQuestions, ByUnknown: set.StrayDocuments, Elsewhere: set.Elsewhere,
		Chunks: m.chunks, Embedded: m.embedded, Model: m.model, Store: r.config.DB.Chosen(), Mode: memory.Mode(r.mode), Limit: r.limit,
		P50: milliseconds(m.within(50)), P95: milliseconds(m.within(95)), Add: m.adding.Seconds(), Embed: m.making.Seconds(),
		Lacking: m.lacking, Lacks: m.lacks,
	}
	if got.Mode == memory.ByBoth && got.Model != "" {
		got.Fusion = r.config.Memory.Fusion
	}
	scores := m.Scores()
	for _, s := range []struct {
		k     int
		value float64
		to    **float64
	}{
		{1, scores.R1, &got.R1},
		{5, scores.R5, &got.R5},
		{10, scores.R10, &got.R10},
		{retrieval.Depth, scores.R50, &got.R50},
		{10, scores.MRR10, &got.MRR10},
		{10, scores.NDCG10, &got.NDCG10},
	} {
		if s.k <= r.limit {
			*s.to = &s.value
		}
	}
	return got
}

// milliseconds of a duration, with what is after the point.
func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// brief is how long something took, for a person.
func brief(d time.Duration) string {
	if d == 0 {
		return "-"
	}
	return d.Round(10 * time.Millisecond).String()
}
