package traced

import (
	"context"

	"zapomni/memory"
	"zapomni/memory/words"
)

func (s store) Put(ctx context.Context, m memory.Memory) (err error) {
	ctx, end := s.begin(ctx, "put")
	defer end(&err)
	return s.Store.Put(ctx, m)
}

func (s store) Get(ctx context.Context, w memory.Workspace, id memory.ID) (m memory.Memory, err error) {
	ctx, end := s.begin(ctx, "get")
	defer end(&err)
	return s.Store.Get(ctx, w, id)
}

func (s store) Delete(ctx context.Context, w memory.Workspace, id memory.ID) (err error) {
	ctx, end := s.begin(ctx, "delete")
	defer end(&err)
	return s.Store.Delete(ctx, w, id)
}

func (s store) Clear(ctx context.Context) (err error) {
	ctx, end := s.begin(ctx, "clear")
	defer end(&err)
	return s.Store.Clear(ctx)
}

func (s store) List(ctx context.Context, w memory.Workspace, after memory.Cursor, n int) (ids []memory.ID, next memory.Cursor, err error) {
	ctx, end := s.begin(ctx, "list")
	defer end(&err)
	return s.Store.List(ctx, w, after, n)
}

func (s store) Matching(ctx context.Context, w memory.Workspace, q memory.TermQuery, k int) (found []memory.Ref, err error) {
	ctx, end := s.begin(ctx, "matching")
	defer end(&err)
	return s.Store.Matching(ctx, w, q, k)
}

func (s store) Nearest(ctx context.Context, w memory.Workspace, q memory.VectorQuery, k int) (found []memory.Near, err error) {
	ctx, end := s.begin(ctx, "nearest")
	defer end(&err)
	return s.Store.Nearest(ctx, w, q, k)
}

func (s store) Similar(ctx context.Context, w memory.Workspace, q memory.VectorQuery, refs []memory.Ref) (found []memory.Near, err error) {
	ctx, end := s.begin(ctx, "similar")
	defer end(&err)
	return s.Store.Similar(ctx, w, q, refs)
}

func (s store) Embedding(ctx context.Context, w memory.Workspace) (has memory.Embedding, err error) {
	ctx, end := s.begin(ctx, "embedding")
	defer end(&err)
	return s.Store.Embedding(ctx, w)
}

func (s store) Unembedded(ctx context.Context, w memory.Workspace, after memory.Cursor, n int) (waiting []memory.Unembedded, next memory.Cursor, err error) {
	ctx, end := s.begin(ctx, "unembedded")
	defer end(&err)
	return s.Store.Unembedded(ctx, w, after, n)
}

func (s store) Attach(ctx context.Context, w memory.Workspace, model string, vectors []memory.Attachment) (err error) {
	ctx, end := s.begin(ctx, "attach")
	defer end(&err)
	return s.Store.Attach(ctx, w, model, vectors)
}

func (s store) Detach(ctx context.Context, w memory.Workspace) (err error) {
	ctx, end := s.begin(ctx, "detach")
	defer end(&err)
	return s.Store.Detach(ctx, w)
}

func (s store) Frequencies(ctx context.Context, w memory.Workspace, terms []string) (counted memory.Frequencies, err error) {
	ctx, end := s.begin(ctx, "frequencies")
	defer end(&err)
	return s.Store.Frequencies(ctx, w, terms)
}

func (s store) Headed(ctx context.Context, w memory.Workspace, names []words.Name, most int) (found []memory.Ref, err error) {
	ctx, end := s.begin(ctx, "headed")
	defer end(&err)
	return s.Store.Headed(ctx, w, names, most)
}

func (s store) Passages(ctx context.Context, w memory.Workspace, refs []memory.Ref) (found []memory.Passage, err error) {
	ctx, end := s.begin(ctx, "passages")
	defer end(&err)
	return s.Store.Passages(ctx, w, refs)
}

func (s store) Around(ctx context.Context, w memory.Workspace, ids []memory.ID, n int) (found []memory.Neighbor, err error) {
	ctx, end := s.begin(ctx, "around")
	defer end(&err)
	return s.Store.Around(ctx, w, ids, n)
}

func (s store) AddWorkspace(ctx context.Context, info memory.WorkspaceInfo) (err error) {
	ctx, end := s.begin(ctx, "add_workspace")
	defer end(&err)
	return s.Store.AddWorkspace(ctx, info)
}

func (s store) Workspace(ctx context.Context, w memory.Workspace) (info memory.WorkspaceInfo, err error) {
	ctx, end := s.begin(ctx, "workspace")
	defer end(&err)
	return s.Store.Workspace(ctx, w)
}

func (s store) Workspaces(ctx context.Context) (all []memory.WorkspaceInfo, err error) {
	ctx, end := s.begin(ctx, "workspaces")
	defer end(&err)
	return s.Store.Workspaces(ctx)
}

func (s store) DeleteWorkspace(ctx context.Context, w memory.Workspace) (err error) {
	ctx, end := s.begin(ctx, "delete_workspace")
	defer end(&err)
	return s.Store.DeleteWorkspace(ctx, w)
}

func (s store) Counts(ctx context.Context, w memory.Workspace) (counted memory.Counts, err error) {
	ctx, end := s.begin(ctx, "counts")
	defer end(&err)
	return s.Store.Counts(ctx, w)
}

func (s store) Size(ctx context.Context) (bytes int64, err error) {
	ctx, end := s.begin(ctx, "size")
	defer end(&err)
	return s.Store.Size(ctx)
}

func (s store) Ping(ctx context.Context) (err error) {
	ctx, end := s.begin(ctx, "ping")
	defer end(&err)
	return s.Store.Ping(ctx)
}
