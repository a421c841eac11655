package main

import (
	"context"
	"errors"
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"zapomni/memory"
)

// workspace is one of the list, as programs read it.
type workspace struct {
	ID          memory.Workspace `json:"id"`
	Name        string           `json:"name"`
	Description string           `json:"description,omitempty"`
	CreatedAt   time.Time        `json:"created_at"`
	Memories    int              `json:"memories"`
}

func (a *app) workspacesCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "workspaces",
		Short: "List the workspaces",
		Args:  cobra.NoArgs,
		RunE: a.command(func(cmd *cobra.Command, _ []string) error {
			return a.withMemory(cmd, func(ctx context.Context, r rooms) error {
				all, err := r.workspaces(ctx)
				switch {
				case err != nil:
					return err
				case asJSON:
					return printJSON(a.out, map[string][]workspace{"workspaces": all})
				}
				return a.showWorkspaces(all)
			})
		}),
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object")
	return cmd
}

func (r rooms) workspaces(ctx context.Context) ([]workspace, error) {
	infos, err := r.memory.Workspaces(ctx)
	if err != nil {
		return nil, err
	}
	all := make([]workspace, len(infos))
	for i, info := range infos {
		counts, err := r.memory.Counts(ctx, info.ID)
		if err != nil {
			return nil, err
		}
		all[i] = workspace{
			ID: info.ID, Name: info.Name, Description: info.Description,
			CreatedAt: info.CreatedAt, Memories: counts.Memories,
		}
	}
	return all, nil
}

func (a *app) showWorkspaces(all []workspace) error {
	t := tabwriter.NewWriter(a.out, 0, 0, 2, ' ', 0)
	_, err := fmt.Fprintln(t, "WORKSPACE\tMEMORIES\tNAME")
	errs := []error{err}
	for _, w := range all {
		_, err := fmt.Fprintf(t, "%s\t%d\t%s\n", w.ID, w.Memories, printable(w.Name, false))
		errs = append(errs, err)
	}
	return errors.Join(append(errs, t.Flush())...)
}
