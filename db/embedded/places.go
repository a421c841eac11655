package embedded

import (
	"context"
	"maps"
	"slices"
)

// selectPlaces lists, for each term, the chunks that hold it, in ascending
// order and as often as it stands in them. One string for each term is four
// times as fast as one row for each place. The terms are materialised, as
// SQLite compares them again at each place.
const selectPlaces = `
WITH t(value) AS MATERIALIZED (SELECT value FROM json_each(?))
SELECT ifnull((SELECT group_concat(doc) FROM word_place WHERE term = t.value), '') FROM t`

// readPlaces reads where terms stand.
func (s *Store) readPlaces(ctx context.Context, x index, terms []string) (map[string]knownTerm, error) {
	read := make(map[string]knownTerm, len(terms))
	if len(terms) == 0 {
		return read, nil
	}
	i := 0
	err := s.reading.each(ctx, func(row scanner) error {
		var places string
		err := row.Scan(&places)
		read[terms[i]] = placesOf(places, x)
		i++
		return err
	}, selectPlaces, x.list(terms))
	return read, err
}

func placesOf(places string, x index) knownTerm {
	list := readRanking(places, x.state)
	return knownTerm{with: len(list), places: list}
}

// rank finds all chunks that hold any of terms. The ranking is the caller's to
// change.
func (s *Store) rank(ctx context.Context, x index, terms []string) (ranking, error) {
	terms = slices.Compact(slices.Sorted(slices.Values(terms)))
	found, err := s.known(ctx, x, terms)
	if err != nil {
		return nil, err
	}
	read, err := s.readPlaces(ctx, x, missing(terms, found, knownTerm.whole))
	if err != nil {
		return nil, err
	}
	s.cache.keep(x, read)
	maps.Copy(found, read)
	var r ranking
	for _, term := range terms {
		t := found[term]
		r = r.plus(t.places, rarity(t.with, x.chunks))
	}
	return r, nil
}

// missing returns the terms that are not known well enough.
func missing(terms []string, known map[string]knownTerm, enough func(knownTerm) bool) []string {
	return slices.DeleteFunc(slices.Clone(terms), func(term string) bool {
		t, ok := known[term]
		return ok && enough(t)
	})
}
