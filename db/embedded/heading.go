package embedded

import (
	"context"

	"zapomni/memory"
	"zapomni/memory/words"
)

// addHeadings notes the names that a memory is headed by, under its first
// chunk.
func (t *tx) addHeadings(chunk, workspace int64, names []words.Name) error {
	for _, n := range names {
		if err := t.exec("INSERT INTO heading(workspace, name, chunk) VALUES (?, ?, ?)", workspace, string(n), chunk); err != nil {
			return err
		}
	}
	return nil
}

// selectHeaded lists the chunks headed by each name, of those of too common a
// name one more than are wanted.
const selectHeaded = `
SELECT n.key, h.chunk FROM workspace w CROSS JOIN json_each(?2) n
	CROSS JOIN heading h ON h.workspace = w.num AND h.name = n.value
WHERE w.id = ?1 AND h.chunk IN (
	SELECT chunk FROM heading WHERE workspace = w.num AND name = n.value LIMIT ?3)`

// Headed finds the first chunks of the memories of w that are headed by one of
// names, but for names that head more than most.
func (s *Store) Headed(ctx context.Context, w memory.Workspace, names []words.Name, most int) ([]memory.Ref, error) {
	found := make([][]memory.Ref, len(names))
	err := s.read(ctx, func() error {
		return s.reading.each(ctx, func(r scanner) error {
			var name int
			var chunk int64
			err := r.Scan(&name, &chunk)
			if err == nil {
				found[name] = append(found[name], refOf(chunk))
			}
			return err
		}, selectHeaded, string(w), jsonOf(names), most+1)
	})
	if err != nil {
		return nil, s.fault(ctx, "headed", err)
	}
	var refs []memory.Ref
	for _, of := range found {
		if len(of) <= most {
			refs = append(refs, of...)
		}
	}
	return refs, nil
}
