package memory_test

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
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
	var log bytes.Buffer
	p := memory.New(s, memory.Defaults()).WithMeaning(e, slog.New(slog.NewTextHandler(&log, nil)))
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- p.EmbedWaiting(ctx) }()
	t.Cleanup(func() {
		stop()
		require.NoError(t, <-done)
	})
	return p, s, &log
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
