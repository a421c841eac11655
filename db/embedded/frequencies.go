package embedded

import (
	"context"
	"database/sql"
	"errors"
	"maps"
	"strings"

	"zapomni/memory"
)

// Frequencies counts the chunks of w, and those that hold each term.
func (s *Store) Frequencies(ctx context.Context, w memory.Workspace, terms []string) (memory.Frequencies, error) {
	f := memory.Frequencies{With: make([]int, len(terms))}
	err := s.read(ctx, func() error {
		x, err := s.index(ctx, w)
		if err != nil {
			return err
		}
		counted, err := s.count(ctx, x, terms)
		f.Chunks = int(x.chunks)
		for i, term := range terms {
			f.With[i] = counted[term].with
		}
		return err
	})
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return memory.Frequencies{}, s.fault(ctx, "frequencies", err)
	}
	return f, nil
}

// fewPlaces is how many places of a term are read in order to count them, so
// that they are there when the term is looked for next. Of a term that has
// more, the word index is asked for the number only.
const fewPlaces = 512

func (s *Store) count(ctx context.Context, x index, terms []string) (map[string]knownTerm, error) {
	found, err := s.known(ctx, x, terms)
	if err != nil {
		return nil, err
	}
	counted := func(knownTerm) bool { return true }
	read, common, err := s.readFewPlaces(ctx, x, missing(terms, found, counted))
	if err != nil {
		return nil, err
	}
	if err := s.countCommon(ctx, x, common, read); err != nil {
		return nil, err
	}
	s.cache.keep(x, read)
	maps.Copy(found, read)
	return found, nil
}

const selectFewPlaces = `
SELECT ifnull((SELECT group_concat(doc) FROM (SELECT doc FROM word_place WHERE term = t.value LIMIT ?2)), '')
FROM json_each(?1) t`

// readFewPlaces reads the places of those terms that have few, and returns the
// others.
func (s *Store) readFewPlaces(ctx context.Context, x index, terms []string) (read map[string]knownTerm, common []string, err error) {
	read = make(map[string]knownTerm, len(terms))
	if len(terms) == 0 {
		return read, nil, nil
	}
	i := 0
	err = s.reading.each(ctx, func(row scanner) error {
		var places string
		err := row.Scan(&places)
		if strings.Count(places, ",") == fewPlaces {
			common = append(common, terms[i])
		} else {
			read[terms[i]] = placesOf(places, x)
		}
		i++
		return err
	}, selectFewPlaces, x.list(terms), fewPlaces+1)
	return read, common, err
}

const selectTermCounts = `
SELECT t.key, ifnull((SELECT doc FROM word_count WHERE term = t.value), 0) FROM json_each(?) t`

func (s *Store) countCommon(ctx context.Context, x index, terms []string, into map[string]knownTerm) error {
	if len(terms) == 0 {
		return nil
	}
	return s.reading.each(ctx, func(r scanner) error {
		var i, n int
		err := r.Scan(&i, &n)
		into[terms[i]] = knownTerm{with: n}
		return err
	}, selectTermCounts, x.list(terms))
}
