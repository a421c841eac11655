package memory_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"zapomni/memory"
)

func TestWorkspaceIDs(t *testing.T) {
	const shape = "Workspace ID must be 1-63 lowercase characters, starting with alphanumeric, containing only letters, numbers, hyphens, underscores"
	for _, tt := range []struct {
		name string
		id   memory.Workspace
		want string
	}{
		{"plain", "work", ""},
		{"all that is allowed", "0a_b-c", ""},
		{"the longest", memory.Workspace(strings.Repeat("a", 63)), ""},
		{"too long", memory.Workspace(strings.Repeat("a", 64)), shape},
		{"upper case", "Work", shape},
		{"starts with a hyphen", "-a", shape},
		{"empty", "", shape},
		{"foreign letters", "дом", shape},
		{"reserved", "system", "Workspace ID 'system' is reserved and cannot be used"},
		{"reserved in any case", "Admin", "Workspace ID 'Admin' is reserved and cannot be used"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := tt.id.Check()
			if tt.want == "" {
				require.NoError(t, err)
				return
			}
			require.EqualError(t, err, tt.want)
		})
	}
}

func TestCreateWorkspaceChecksWhatDescribesIt(t *testing.T) {
	for _, tt := range []struct {
		name string
		info memory.WorkspaceInfo
		want string
	}{
		{"no name", memory.WorkspaceInfo{ID: "a", Name: " "}, "Workspace name cannot be empty"},
		{"long name", memory.WorkspaceInfo{ID: "a", Name: strings.Repeat("ы", 256)}, "Workspace name exceeds 255 characters"},
		{"long description", memory.WorkspaceInfo{ID: "a", Name: "n", Description: strings.Repeat("ы", 1001)}, "Workspace description exceeds 1000 characters"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p, _ := newProcessor(t)
			_, err := p.CreateWorkspace(t.Context(), tt.info)
			require.EqualError(t, err, tt.want)
		})
	}
}

func TestCreateWorkspaceTrims(t *testing.T) {
	p, _ := newProcessor(t)
	info, err := p.CreateWorkspace(t.Context(), memory.WorkspaceInfo{ID: "a", Name: " Home ", Description: " d "})
	require.NoError(t, err)
	require.Equal(t, "Home", info.Name)
	require.Equal(t, "d", info.Description)
	require.False(t, info.CreatedAt.IsZero())
}

func TestCreateWorkspaceTwice(t *testing.T) {
	p, _ := newProcessor(t)
	_, err := p.CreateWorkspace(t.Context(), memory.WorkspaceInfo{ID: "a", Name: "n"})
	require.NoError(t, err)
	_, err = p.CreateWorkspace(t.Context(), memory.WorkspaceInfo{ID: "a", Name: "n"})
	require.ErrorIs(t, err, memory.ErrConflict)
}

func TestDeleteWorkspace(t *testing.T) {
	p, _ := newProcessor(t)
	require.EqualError(t, p.DeleteWorkspace(t.Context(), memory.DefaultWorkspace), "Cannot delete the default workspace.")
	require.ErrorIs(t, p.DeleteWorkspace(t.Context(), "nowhere"), memory.ErrNoWorkspace)
	_, err := p.CreateWorkspace(t.Context(), memory.WorkspaceInfo{ID: "a", Name: "n"})
	require.NoError(t, err)
	require.NoError(t, p.DeleteWorkspace(t.Context(), "a"))
	all, err := p.Workspaces(t.Context())
	require.NoError(t, err)
	require.Len(t, all, 1)
}

func TestUnknownWorkspaceSuggestsAtMostThree(t *testing.T) {
	p, _ := newProcessor(t)
	for _, id := range []memory.Workspace{"note1", "note2", "note3", "note4", "entirely-else"} {
		_, err := p.CreateWorkspace(t.Context(), memory.WorkspaceInfo{ID: id, Name: "n"})
		require.NoError(t, err)
	}
	_, err := p.Workspace(t.Context(), "note")
	require.ErrorContains(t, err, "Workspace 'note' does not exist. Nearest: note1, note2, note3. Use list_workspaces")
	_, err = p.Workspace(t.Context(), memory.Workspace(strings.Repeat("z", 1<<20)))
	require.ErrorIs(t, err, memory.ErrNoWorkspace)
}

func TestReservedWorkspacesAreRefusedByEveryOperation(t *testing.T) {
	const want = "Workspace ID 'Root' is reserved and cannot be used"
	p, _ := newProcessor(t)
	_, err := p.Add(t.Context(), memory.Draft{Workspace: "Root", Text: "x"})
	require.EqualError(t, err, want)
	_, err = p.Recall(t.Context(), memory.Question{Workspace: "Root", Text: "x", Limit: 1})
	require.EqualError(t, err, want)
	_, err = p.Workspace(t.Context(), "Root")
	require.EqualError(t, err, want)
	require.EqualError(t, p.DeleteWorkspace(t.Context(), "Root"), want)
}
