package main

import (
	"fmt"
	"runtime"
	"strings"

	"github.com/spf13/cobra"

	"zapomni/cmd/zapomni/clients"
	"zapomni/config"
)

type installOptions struct {
	name    string
	print   bool
	project bool
}

func (a *app) installCommand() *cobra.Command {
	var o installOptions
	cmd := &cobra.Command{
		Use:   "install CLIENT",
		Short: "Tell a client to start Zapomni",
		Long: `Write Zapomni into the configuration of a client: ` + strings.Join(clients.IDs(), ", ") + `.

What stands in the configuration stays there, comments included, and a copy of
it is kept beside it. To do it again changes nothing. Settings that are given
here by flags, like --data-dir, are those that the client will use.`,
		Example: `  zapomni install claude-desktop
  zapomni install cursor --project
  zapomni install vscode --print`,
	}
	o.flags(cmd)
	cmd.Flags().BoolVar(&o.print, "print", false, "only show what would be written, and where")
	cmd.RunE = a.command(func(cmd *cobra.Command, args []string) error {
		client, path, err := a.client(o, args)
		if err != nil {
			return err
		}
		entry, err := a.entry(cmd, o.name)
		if err != nil {
			return err
		}
		if o.print {
			return a.printEntry(client, path, entry)
		}
		return a.install(client, path, entry)
	})
	return cmd
}

func (a *app) uninstallCommand() *cobra.Command {
	var o installOptions
	cmd := &cobra.Command{
		Use:   "uninstall CLIENT",
		Short: "Tell a client to start Zapomni no more",
		Long: `Take Zapomni out of the configuration of a client: ` + strings.Join(clients.IDs(), ", ") + `.

A configuration that is as install left it becomes what it was before. Memories
are not touched.`,
	}
	o.flags(cmd)
	cmd.RunE = a.command(func(_ *cobra.Command, args []string) error {
		client, path, err := a.client(o, args)
		if err != nil {
			return err
		}
		return a.uninstall(client, path, o.name)
	})
	return cmd
}

func (o *installOptions) flags(cmd *cobra.Command) {
	cmd.ValidArgs = clients.IDs()
	cmd.Flags().StringVar(&o.name, "name", "zapomni", "what the client calls the server")
	cmd.Flags().BoolVar(&o.project, "project", false, "only for the project in this directory")
}

// client returns the client that is meant, and its file.
func (a *app) client(o installOptions, args []string) (clients.Client, string, error) {
	if len(args) != 1 {
		return clients.Client{}, "", misused("name one client: %s", strings.Join(clients.IDs(), ", "))
	}
	c, err := clients.Find(args[0])
	if err == nil {
		err = clients.CheckName(o.name)
	}
	if err != nil {
		return c, "", &usageError{err}
	}
	if o.project {
		path, err := c.ProjectFile(a.dir)
		if err != nil {
			return c, "", &usageError{err}
		}
		return c, path, nil
	}
	path, err := c.UserFile(clients.System{GOOS: runtime.GOOS, Env: a.variable})
	return c, path, err
}

// entry is this program as the client will start it.
func (a *app) entry(cmd *cobra.Command, name string) (clients.Entry, error) {
	e := clients.Entry{Name: name}
	var err error
	if e.Command, err = a.program(); err != nil {
		return e, err
	}
	if e.Env, err = config.Variables(cmd.Flags(), a.environ, a.dir); err == nil && len(e.Env) > 0 {
		_, _, err = a.settings(cmd) // what is wrong is better told now than by the client
	}
	return e, err
}

func (a *app) printEntry(c clients.Client, path string, e clients.Entry) error {
	snippet, err := c.Snippet(e)
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintf(a.err, "%s would get this in %s:\n", c.Title, path); err != nil {
		return err
	}
	_, err = a.out.Write(snippet)
	return err
}

func (a *app) install(c clients.Client, path string, e clients.Entry) error {
	change, err := c.Install(path, e)
	if err != nil {
		return err
	}
	if change.Nothing() {
		return a.say(fmt.Sprintf("%s has %s already: nothing to do in %s.", c.Title, e.Name, change.Path))
	}
	backup, err := change.Apply()
	if err != nil {
		return err
	}
	lines := []string{fmt.Sprintf("%s will start %s as %s.", c.Title, e.Command, e.Name)}
	if change.Replaces {
		lines = append(lines, "Another server of that name was replaced.")
	}
	return a.say(append(append(lines, written(change, backup)...), c.Next)...)
}

func (a *app) uninstall(c clients.Client, path, name string) error {
	change, err := c.Uninstall(path, name)
	if err != nil {
		return err
	}
	if change.Nothing() {
		return a.say(fmt.Sprintf("%s has no %s: nothing to do in %s.", c.Title, name, change.Path))
	}
	backup, err := change.Apply()
	if err != nil {
		return err
	}
	lines := []string{fmt.Sprintf("%s will not start %s any more.", c.Title, name)}
	return a.say(append(append(lines, written(change, backup)...), c.Next)...)
}

// written says what became of a file.
func written(change clients.Change, backup string) []string {
	if change.After == nil {
		return []string{"Removed: " + change.Path + ", which held nothing else"}
	}
	lines := []string{"Written: " + change.Path}
	if backup != "" {
		lines = append(lines, "Before:  "+backup)
	}
	return lines
}

func (a *app) say(lines ...string) error {
	_, err := fmt.Fprintln(a.out, strings.Join(lines, "\n"))
	return err
}
