package embedded

import "zapomni/memory"

func narrows(f memory.Filter) bool {
	return len(f.Tags) > 0 || f.Source != "" || !f.From.IsZero() || !f.To.IsZero()
}

// passes is the condition that a memory m passes a filter, of which conditions
// makes the arguments after the first. One that is NULL lets all pass.
const passes = `(?2 IS NULL OR m.source = ?2)
	AND (?3 IS NULL OR m.valid_from >= ?3)
	AND (?4 IS NULL OR m.valid_from < ?4)
	AND (?5 IS NULL OR EXISTS (SELECT 1 FROM json_each(?5) t WHERE instr(m.tags, t.value) > 0))`

func conditions(f memory.Filter) []any {
	var source, from, to, tags any
	if f.Source != "" {
		source = f.Source
	}
	if !f.From.IsZero() {
		from = f.From.UnixMicro()
	}
	if !f.To.IsZero() {
		to = f.To.UnixMicro()
	}
	if len(f.Tags) > 0 {
		each := make([]string, len(f.Tags))
		for i, tag := range f.Tags {
			each[i] = joinTags([]string{tag})
		}
		tags = jsonOf(each)
	}
	return []any{source, from, to, tags}
}
