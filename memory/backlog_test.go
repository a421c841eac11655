package memory_test

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"zapomni/memory"
)

// working is a processor whose backlog is worked off, in virtual time.
func working(t *testing.T, e *concepts) (*memory.Processor, *shelf, *bytes.Buffer) {
	t.Helper()
	return workingOn(t, newShelf(), e)
}

func workingOn(t *testing.T, s *shelf, e *concepts) (*memory.Processor, *shelf, *bytes.Buffer) {
	t.Helper()
	p, log := workingOver(t, s, e)
	return p, s, log
}

func workingOver(t *testing.T, s memory.Store, e *concepts) (*memory.Processor, *bytes.Buffer) {
	t.Helper()
	var log bytes.Buffer
	p := memory.New(s, memory.Defaults()).WithMeaning(e, slog.New(slog.NewTextHandler(&log, nil)))
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- p.EmbedWaiting(ctx) }()
	t.Cleanup(func() {
		stop()
		require.NoError(t, <-done)
	})
	return p, &log
}

// faulty is a shelf of which some calls fail, or have something happen after
// them. Several processors may have their backlogs on it.
type faulty struct {
	*shelf

	mu       sync.Mutex       // of the shelf's vectors
	broken   memory.Workspace // nothing can be read from it
	attach   error            // what Attach says
	detached func()           // after Detach
}

func (f *faulty) Unembedded(ctx context.Context, w memory.Workspace, after memory.Cursor, n int) ([]memory.Unembedded, memory.Cursor, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if w == f.broken {
		return nil, "", memory.ErrUnavailable
	}
	return f.shelf.Unembedded(ctx, w, after, n)
}

func (f *faulty) Embedding(ctx context.Context, w memory.Workspace) (memory.Embedding, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.shelf.Embedding(ctx, w)
}

func (f *faulty) Attach(ctx context.Context, w memory.Workspace, model string, vectors []memory.Attachment) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.attach != nil {
		return f.attach
	}
	return f.shelf.Attach(ctx, w, model, vectors)
}

func (f *faulty) Detach(ctx context.Context, w memory.Workspace) error {
	err := f.shelf.Detach(ctx, w)
	if f.detached != nil {
		f.detached()
	}
	return err
}

func TestAWorkspaceThatFailsHoldsUpNoOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newShelf()
		s.workspaces = append(s.workspaces, memory.WorkspaceInfo{ID: "broken", Name: "Broken"})
		p, log := workingOver(t, &faulty{shelf: s, broken: "broken"}, &concepts{})
		_, err := p.Add(t.Context(), memory.Draft{Workspace: "broken", Text: "A ship."})
		require.NoError(t, err)
		time.Sleep(time.Hour)
		synctest.Wait()
		for i := range 3 {
			add(t, p, "A dog.")
			synctest.Wait()
			require.Len(t, s.vectors, i+1, "at once")
		}
		require.True(t, p.Lag().Failing)
		require.Equal(t, 1, strings.Count(log.String(), "embedding_failed"))
		require.Zero(t, strings.Count(log.String(), "embedding_recovered"))
	})
}

func TestVectorsThatTheStoreRefusesAreNotMadeAgainAndAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := &concepts{}
		p, log := workingOver(t, &faulty{shelf: newShelf(), attach: memory.ErrInvalid}, e)
		add(t, p, "A ship.")
		time.Sleep(30 * time.Second)
		synctest.Wait()
		require.Equal(t, 2, e.asked, "when it came, and at a sweep")
		require.False(t, p.Lag().Failing)
		require.Contains(t, log.String(), "zapomni reembed")
	})
}

func TestWhatAnotherProcessEmbedsIsLeftToIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &faulty{shelf: newShelf()}
		for range 99 {
			add(t, memory.New(s, memory.Defaults()), "A ship came in.")
		}
		e := &concepts{}
		workingOver(t, s, e)
		for range 89 {
			time.Sleep(4 * time.Second)
			synctest.Wait()
			waiting, _, err := s.Unembedded(t.Context(), memory.DefaultWorkspace, "", 1)
			require.NoError(t, err)
			require.Len(t, waiting, 1)
			require.NoError(t, s.Attach(t.Context(), memory.DefaultWorkspace, "", []memory.Attachment{{Ref: waiting[0].Ref, Vector: vectorOf("")}}))
		}
		time.Sleep(3 * time.Minute) // now the other one has ended
		synctest.Wait()
		require.Len(t, s.vectors, 99)
		require.Equal(t, 1, e.asked, "once, for what was left")
	})
}

func TestWhatIsAddedIsEmbedded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, s, _ := working(t, &concepts{})
		for range 3 {
			add(t, p, "A ship came in.")
			synctest.Wait()
		}
		require.Len(t, s.vectors, 3)
		require.Zero(t, p.Lag().Since)
	})
}

func TestWhatOthersLeftIsEmbedded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newShelf()
		add(t, memory.New(s, memory.Defaults()), "A ship came in.")
		workingOn(t, s, &concepts{})
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		require.Len(t, s.vectors, 1)
	})
}

func TestAnEmbedderThatIsDownIsAskedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := &concepts{err: errDown}
		p, s, log := working(t, e)
		add(t, p, "A ship came in.")
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		require.Less(t, e.asked, 20, "less and less often")
		require.Greater(t, e.asked, 10)
		require.True(t, p.Lag().Failing)
		require.Equal(t, 10*time.Minute, time.Since(p.Lag().Since))
		e.fail(nil)
		require.Equal(t, "the vectors are still being made", ask(t, p, memory.Question{Text: "ship"}).Lacks)
		time.Sleep(time.Minute)
		synctest.Wait()
		require.Len(t, s.vectors, 1)
		require.Equal(t, memory.Lag{}, p.Lag())
		require.Equal(t, 1, strings.Count(log.String(), "embedding_failed"))
		require.Equal(t, 1, strings.Count(log.String(), "embedding_recovered"))
	})
}

func TestATextThatIsRefusedHoldsUpNoOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := &concepts{refuses: "poison"}
		p, s, _ := working(t, e)
		for _, text := range []string{"A ship.", "Some poison.", "A dog."} {
			add(t, memory.New(s, memory.Defaults()), text)
		}
		add(t, p, "A nurse.")
		synctest.Wait()
		require.Len(t, s.vectors, 3)
		before := e.asked
		add(t, p, "An aunt.")
		synctest.Wait()
		require.Len(t, s.vectors, 4)
		require.Equal(t, before+1, e.asked, "it is not asked for again")
	})
}

func TestTextsThatAreRefusedInARowHoldUpNoOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, s, _ := working(t, &concepts{refuses: "poison"})
		for _, text := range []string{"Some poison.", "More poison.", "Strong poison.", "A dog.", "The last poison."} {
			add(t, memory.New(s, memory.Defaults()), text)
		}
		add(t, p, "A nurse.")
		synctest.Wait()
		require.Len(t, s.vectors, 2)
		require.Equal(t, memory.Lag{}, p.Lag(), "nothing waits that could have a vector")
		add(t, p, "A poison alone.")
		synctest.Wait()
		require.Equal(t, memory.Lag{}, p.Lag())
	})
}

func TestWhatAnOutageCutOffIsEmbeddedLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := &concepts{refuses: "poison", err: errDown, after: 5}
		p, s, _ := working(t, e)
		for _, text := range []string{"Some poison.", "A ship.", "A dog.", "A nurse."} {
			add(t, memory.New(s, memory.Defaults()), text)
		}
		add(t, p, "An aunt.")
		synctest.Wait()
		require.True(t, p.Lag().Failing)
		e.fail(nil)
		time.Sleep(time.Minute)
		synctest.Wait()
		require.Len(t, s.vectors, 4)
	})
}

func TestVectorsOfAnotherModelAreLeftAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, s, log := working(t, &concepts{model: "new"})
		s.model, s.vectors["elsewhere"] = "old", vectorOf("dog")
		for range 3 {
			add(t, p, "A ship came in.")
			synctest.Wait()
		}
		require.Len(t, s.vectors, 1)
		require.Equal(t, 1, strings.Count(log.String(), "embedding_model_changed"))
		require.Contains(t, log.String(), "zapomni reembed")
	})
}

func TestNothingIsEmbeddedForVectorsOfAnotherModel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newShelf()
		embedded(t, memory.New(s, memory.Defaults()).WithMeaning(&concepts{model: "old"}, slog.New(slog.DiscardHandler)), "A ship came in.")
		e := &concepts{model: "new"}
		p, _, _ := workingOn(t, s, e)
		for range 3 {
			add(t, p, "A ship went out.")
			synctest.Wait()
		}
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		require.Zero(t, e.asked)
		require.ErrorContains(t, p.Embed(t.Context(), memory.DefaultWorkspace, nil), "zapomni reembed")
	})
}

func TestReembedKeepsTheVectorsWhileNoOthersCanBeMade(t *testing.T) {
	p, s, e := newMeaning(t)
	embedded(t, p, "A ship came in.")
	e.model = "newer"
	e.fail(errDown)
	require.ErrorIs(t, p.Reembed(t.Context(), memory.DefaultWorkspace, nil), errDown)
	require.Len(t, s.vectors, 1)
}

func TestReembedSaysThatAnotherProcessWorksAgainstIt(t *testing.T) {
	s := &faulty{shelf: newShelf()}
	e := &concepts{model: "old"}
	p := memory.New(s, memory.Defaults()).WithMeaning(e, slog.New(slog.DiscardHandler))
	embedded(t, p, "A ship came in.")
	add(t, p, "A ship went out.")
	s.detached = func() {
		waiting, _, err := s.Unembedded(t.Context(), memory.DefaultWorkspace, "", 1)
		require.NoError(t, err)
		require.NoError(t, s.Attach(t.Context(), memory.DefaultWorkspace, "old", []memory.Attachment{{Ref: waiting[0].Ref, Vector: vectorOf("")}}))
	}
	e.model = "newer"
	require.ErrorContains(t, p.Reembed(t.Context(), memory.DefaultWorkspace, nil), "another process")
}

func TestReembedGoesOverToTheNewModel(t *testing.T) {
	p, s, e := newMeaning(t)
	for range 40 {
		embedded(t, p, "A ship came in.")
	}
	e.model = "newer"
	made := 0
	require.NoError(t, p.Reembed(t.Context(), memory.DefaultWorkspace, func(n int) { made += n }))
	require.Equal(t, 40, made)
	require.Equal(t, "newer", s.model)
	require.NoError(t, p.Reembed(t.Context(), memory.DefaultWorkspace, func(n int) { made += n }))
	require.Equal(t, 40, made, "those of the model are kept")
}

func TestReembedGoesOverToAModelOfTheSameName(t *testing.T) {
	p, s, e := newMeaning(t)
	embedded(t, p, "A ship came in.")
	e.longer = 1
	require.NoError(t, p.Reembed(t.Context(), memory.DefaultWorkspace, nil))
	for _, v := range s.vectors {
		require.Len(t, v, len(vectorOf(""))+1)
	}
	e.fail(errDown)
	require.ErrorIs(t, p.Reembed(t.Context(), memory.DefaultWorkspace, nil), errDown)
	require.Len(t, s.vectors, 1)
}

func TestWithoutAnEmbedderNothingIsEmbedded(t *testing.T) {
	p, s := newProcessor(t)
	add(t, p, "A ship came in.")
	require.NoError(t, p.Embed(t.Context(), memory.DefaultWorkspace, nil))
	require.Empty(t, s.vectors)
	require.Error(t, p.Reembed(t.Context(), memory.DefaultWorkspace, nil))
	require.Equal(t, memory.Lag{}, p.Lag())
}
