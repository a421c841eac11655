package embedded

import (
	"context"
	"slices"
	"sync"
)

// selectPlaces lists, for each term, the chunks that hold it, in ascending
// order and as often as it stands in them. One string for each term is four
// times as fast as one row for each place. The terms are materialised, as
// SQLite compares them again at each place.
const selectPlaces = `
WITH t(value) AS MATERIALIZED (SELECT value FROM json_each(?))
SELECT ifnull((SELECT group_concat(doc) FROM word_place WHERE term = t.value), '') FROM t`

// rank finds all chunks that hold any of terms. The ranking is the caller's to
// change.
func (s *Store) rank(ctx context.Context, x index, terms []string) (ranking, error) {
	terms = slices.Compact(slices.Sorted(slices.Values(terms)))
	lists, missing := s.places.look(x, terms)
	if len(missing) > 0 {
		i := 0
		err := s.reading.each(ctx, func(row scanner) error {
			var places string
			err := row.Scan(&places)
			list := weigh(places, x.chunks)
			s.places.keep(x, missing[i], list)
			lists = append(lists, list)
			i++
			return err
		}, selectPlaces, x.list(missing))
		if err != nil {
			return nil, err
		}
	}
	var r ranking
	for _, list := range lists {
		r = r.either(list)
	}
	if len(lists) == 1 {
		r = slices.Clone(r)
	}
	return r, nil
}

// cachedPlaces is how many places a placeCache holds, at 16 bytes each.
const cachedPlaces = 1 << 18

// placeCache remembers where terms stand until the next write, by any process:
// questions share their common words, whose lists are the longest. The zero
// value is empty.
type placeCache struct {
	mu            sync.Mutex
	chunks, state int64 // of the index that the lists are of
	prefix        string
	lists         map[string]ranking
	held          int
}

// look returns the lists that are known, which nobody may change, and the
// terms that are not.
func (c *placeCache) look(x index, terms []string) (lists []ranking, missing []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, term := range terms {
		if list, ok := c.lists[term]; ok && c.of(x) {
			lists = append(lists, list)
		} else {
			missing = append(missing, term)
		}
	}
	return lists, missing
}

func (c *placeCache) of(x index) bool {
	return c.prefix == x.prefix && c.chunks == x.chunks && c.state == x.state
}

func (c *placeCache) keep(x index, term string, list ranking) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.of(x) || c.held+len(list) > cachedPlaces {
		c.prefix, c.chunks, c.state = x.prefix, x.chunks, x.state
		c.lists, c.held = make(map[string]ranking), 0
	}
	c.lists[term] = list
	c.held += len(list) + 8 // and what the entry takes
}
