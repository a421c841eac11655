package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"zapomni/memory"
)

type addOptions struct {
	files     []string
	tags      []string
	source    string
	timestamp string
	metadata  string
	workspace string
	json      bool
}

func (a *app) addCommand() *cobra.Command {
	var o addOptions
	cmd := &cobra.Command{
		Use:   "add [TEXT...]",
		Short: "Keep a text, files, or what is piped in",
		Long: `Keep a memory and print its ID. The text is what stands on the command line, or
in each file, or in standard input if that is piped or the text is "-".`,
		Example: `  zapomni add "Anna moved to Lisbon in March." --tag people
  zapomni add --file notes.md --file plan.md --tag work
  git log -1 | zapomni add --source git`,
		RunE: a.command(func(cmd *cobra.Command, args []string) error { return a.add(cmd, o, args) }),
	}
	f := cmd.Flags()
	f.StringArrayVarP(&o.files, "file", "f", nil, `keep this file as one memory; "-" is standard input; repeatable`)
	f.StringArrayVarP(&o.tags, "tag", "t", nil, "a tag of the memory; repeatable")
	f.StringVar(&o.source, "source", "", "where the text comes from (default: the path of the file)")
	f.StringVar(&o.timestamp, "timestamp", "", "the time that the text speaks of: RFC 3339, or a date; UTC unless it says otherwise (default: now)")
	f.StringVar(&o.metadata, "metadata", "", "anything else worth keeping, as a JSON object")
	f.StringVarP(&o.workspace, "workspace", "w", "", "where to keep it (default: default)")
	f.BoolVar(&o.json, "json", false, "print one JSON object for each memory")
	return cmd
}

func (a *app) add(cmd *cobra.Command, o addOptions, args []string) error {
	texts, err := a.texts(o.files, args)
	if err != nil {
		return err
	}
	metadata, err := o.read()
	if err != nil {
		return err
	}
	return a.withMemory(cmd, func(ctx context.Context, r rooms) error {
		failed := 0
		for _, t := range texts {
			m, err := a.addOne(ctx, r, t, o, metadata)
			if err == nil {
				if err := o.print(a.out, m); err != nil {
					return fmt.Errorf("%s was added as %s, but that cannot be printed: %w", t.name, m.ID, err)
				}
				continue
			}
			err = worded(fmt.Errorf("add %s: %w", t.name, err))
			if len(texts) == 1 || ctx.Err() != nil {
				return err
			}
			a.complain(err)
			failed++
		}
		r.embed(ctx, memory.Workspace(o.workspace))
		if failed > 0 {
			return fmt.Errorf("%d of %d files were not added", failed, len(texts))
		}
		return nil
	})
}

func (a *app) addOne(ctx context.Context, r rooms, t text, o addOptions, metadata map[string]any) (memory.Memory, error) {
	p := a.progress(t)
	defer p.end()
	read, err := t.read(ctx, p, r.config.Memory.MaxTextLength)
	if err != nil {
		return memory.Memory{}, err
	}
	p.storing.Store(true)
	about := make(map[string]any, len(metadata)+1)
	maps.Copy(about, metadata)
	if _, given := about["source"]; !given && t.source != "" {
		about["source"] = t.source
	}
	return r.memory.Add(ctx, memory.Draft{Workspace: memory.Workspace(o.workspace), Text: read, Metadata: about})
}

// read makes one of all that is said of the memories. Flags count before what
// the JSON says, and tags are put together.
func (o addOptions) read() (map[string]any, error) {
	metadata := map[string]any{}
	if o.metadata != "" {
		d := json.NewDecoder(strings.NewReader(o.metadata))
		d.UseNumber()
		if err := d.Decode(&metadata); err != nil || metadata == nil {
			return nil, misused("--metadata should be a JSON object, like {\"mood\": \"good\"}: %v", orNull(err))
		}
		if _, err := d.Token(); !errors.Is(err, io.EOF) {
			return nil, misused("--metadata should be one JSON object, and nothing after it")
		}
	}
	if len(o.tags) > 0 {
		tags := make([]any, 0, len(o.tags))
		switch given := metadata["tags"].(type) {
		case nil:
		case []any:
			tags = append(tags, given...)
		default:
			return nil, misused("tags in --metadata should be a list")
		}
		for _, t := range o.tags {
			tags = append(tags, t)
		}
		metadata["tags"] = tags
	}
	if o.source != "" {
		metadata["source"] = o.source
	}
	if o.timestamp != "" {
		if _, err := memory.ParseTime(o.timestamp); err != nil {
			return nil, misused("--timestamp should be like 2025-03-01 or 2025-03-01T18:30:00Z, got %q", o.timestamp)
		}
		metadata["timestamp"] = o.timestamp
	}
	return metadata, nil
}

func orNull(err error) error {
	if err == nil {
		return errors.New("null is none")
	}
	return err
}

// added is a memory that was kept, as programs read it.
type added struct {
	ID        memory.ID        `json:"id"`
	Workspace memory.Workspace `json:"workspace"`
	Source    string           `json:"source,omitempty"`
	Tags      []string         `json:"tags"`
	Chunks    int              `json:"chunks"`
	CreatedAt time.Time        `json:"created_at"`
	ValidFrom time.Time        `json:"valid_from"`
}

func (o addOptions) print(w io.Writer, m memory.Memory) error {
	if !o.json {
		_, err := fmt.Fprintln(w, m.ID)
		return err
	}
	return printJSON(w, added{
		ID: m.ID, Workspace: m.Workspace, Source: m.Source, Tags: append([]string{}, m.Tags...),
		Chunks: len(m.Chunks), CreatedAt: m.CreatedAt, ValidFrom: m.ValidFrom,
	})
}

// worded puts errors that speak to an assistant into words for a person.
func worded(err error) error {
	var unknown *memory.UnknownWorkspaceError
	if !errors.As(err, &unknown) {
		return err
	}
	if len(unknown.Near) == 0 {
		return fmt.Errorf("there is no workspace %q: 'zapomni workspaces' lists all", unknown.ID)
	}
	near := make([]string, len(unknown.Near))
	for i, w := range unknown.Near {
		near[i] = string(w)
	}
	return fmt.Errorf("there is no workspace %q: did you mean %s?", unknown.ID, strings.Join(near, " or "))
}

// embedFor is how long a command that has done its work embeds what it kept.
const embedFor = 2 * time.Second

// embed embeds what waits in w, so that the next command finds it by meaning
// too. What it does not get to is left to the next server.
func (r rooms) embed(ctx context.Context, w memory.Workspace) {
	ctx, cancel := context.WithTimeout(ctx, embedFor)
	defer cancel()
	_ = r.memory.Embed(ctx, w, nil) // it is kept, and found by its words
}
