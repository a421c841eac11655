package embedded

import (
	"database/sql"
	"errors"
	"slices"
)

// The codes are made anew, with the mean of all vectors by then, whenever there
// are meanGrowth times as many as the last mean was made of, from firstMean on
// up to lastMean. A mean is made of meanSample vectors at most.
const (
	firstMean  = 256
	meanGrowth = 4
	lastMean   = 16_384
	meanSample = 4096
)

// nextCoding sets the columns of a workspace all of whose codes are made anew.
const nextCoding = "coding = coding + 1, change = change + 1, depth = 0, tested = 0"

// numbered is a vector as the file holds it, with the number of its chunk.
type numbered struct {
	num    int64
	vector []byte
}

// addVectorsOf gives chunks of w, which have none, vectors that fit in. They
// come in order of number.
func (t *tx) addVectorsOf(w int64, model string, dimensions int, added []numbered) error {
	kept, err := t.space(w)
	if err != nil {
		return err
	}
	if kept.vectors == 0 {
		if err := t.dropCoding(w); err != nil {
			return err
		}
		err := t.exec("UPDATE workspace SET model = ?, dimensions = ?, "+nextCoding+" WHERE num = ?", model, dimensions, w)
		if err != nil {
			return err
		}
	}
	for _, v := range added {
		if err := t.exec("INSERT INTO chunk_vector(num, vector) VALUES (?, ?)", v.num, v.vector); err != nil {
			return err
		}
		t.weight += len(v.vector)
	}
	mean, of, err := t.mean(w)
	if err != nil {
		return err
	}
	now, err := t.countVectors(w, int64(len(added)))
	if err != nil {
		return err
	}
	if now.vectors >= max(meanGrowth*of, firstMean) && of < lastMean {
		return t.recode(w)
	}
	return t.addCodes(now, mean, added)
}

// countVectors keeps the counters of w, and returns what they are now.
func (t *tx) countVectors(w, added int64) (space, error) {
	if err := t.exec("UPDATE workspace SET vectors = vectors + ?, change = change + 1 WHERE num = ?", added, w); err != nil {
		return space{}, err
	}
	return t.space(w)
}

// mean returns what the codes of w were made with, and of how many vectors: no
// mean, and 0, before the first.
func (t *tx) mean(w int64) (mean []float32, of int64, err error) {
	var blob []byte
	err = t.row("SELECT mean, vectors FROM code_mean WHERE workspace = ?", w).Scan(&blob, &of)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, 0, nil
	}
	if err == nil {
		mean, err = vectorOf(blob)
	}
	return mean, of, err
}

// dropCoding forgets the codes of w and their mean.
func (t *tx) dropCoding(w int64) error {
	if err := t.exec("DELETE FROM code_block WHERE workspace = ?", w); err != nil {
		return err
	}
	return t.exec("DELETE FROM code_mean WHERE workspace = ?", w)
}

// addCodes adds the codes of vectors, block by block.
func (t *tx) addCodes(w space, mean []float32, added []numbered) error {
	for len(added) > 0 {
		num, _ := blockOf(added[0].num)
		n := 1
		for n < len(added) && added[n].num/blockSize == num {
			n++
		}
		err := t.editBlock(w, num, func(b *block) {
			for _, v := range added[:n] {
				_, bit := blockOf(v.num)
				b.add(bit, codeOf(v.vector, mean))
			}
		})
		if err != nil {
			return err
		}
		added = added[n:]
	}
	return nil
}

// dropCodes forgets the codes of the chunks from first up to end. A block in
// which none is left stays, to tell other processes so.
func (t *tx) dropCodes(w space, first, end int64) error {
	last, _ := blockOf(end - 1)
	for num, _ := blockOf(first); num <= last; num++ {
		err := t.editBlock(w, num, func(b *block) { b.drop(first, end, wordsFor(w.dimensions)) })
		if err != nil {
			return err
		}
	}
	return nil
}

// editBlock changes a block of w, which is empty if the file has no row for it.
func (t *tx) editBlock(w space, num int64, edit func(*block)) error {
	var present int64
	var blob []byte
	err := t.row("SELECT present, codes FROM code_block WHERE workspace = ? AND block = ?", w.num, num).Scan(&present, &blob)
	query := "UPDATE code_block SET change = ?, present = ?, codes = ? WHERE workspace = ? AND block = ?"
	if errors.Is(err, sql.ErrNoRows) {
		query = "INSERT INTO code_block(change, present, codes, workspace, block) VALUES (?, ?, ?, ?, ?)"
	} else if err != nil {
		return err
	}
	b, err := newBlock(num, present, blob, wordsFor(w.dimensions))
	if err != nil {
		return err
	}
	before := b.present
	if edit(b); b.present == before {
		return nil
	}
	return t.exec(query, w.change, int64(b.present), b.blob(), w.num, num)
}

// selectVectorNums lists the chunks of a workspace that have a vector.
const selectVectorNums = `
SELECT v.num FROM memory m INDEXED BY memory_by_time
	CROSS JOIN chunk_vector v ON v.num >= m.first AND v.num < m.first + m.chunks
WHERE m.workspace = ? ORDER BY v.num`

// codeAll makes the codes of all workspaces.
func (t *tx) codeAll() error {
	var all []int64
	if err := t.each(collect(&all), "SELECT num FROM workspace WHERE vectors > 0"); err != nil {
		return err
	}
	for _, w := range all {
		if err := t.recode(w); err != nil {
			return err
		}
	}
	return nil
}

// recode makes all codes of w anew, with the mean of its vectors if they are
// enough for one.
func (t *tx) recode(w int64) error {
	var nums []int64
	if err := t.each(collect(&nums), selectVectorNums, w); err != nil {
		return err
	}
	if err := t.dropCoding(w); err != nil {
		return err
	}
	if err := t.exec("UPDATE workspace SET "+nextCoding+" WHERE num = ?", w); err != nil {
		return err
	}
	now, err := t.space(w)
	if err != nil {
		return err
	}
	var mean []float32
	if len(nums) >= firstMean {
		if mean, err = t.newMean(nums, now.dimensions); err != nil {
			return err
		}
		err := t.exec("INSERT INTO code_mean(workspace, coding, vectors, mean) VALUES (?, ?, ?, ?)", w, now.coding, len(nums), blobOf(mean))
		if err != nil {
			return err
		}
	}
	for part := range slices.Chunk(nums, 16*blockSize) {
		vectors, err := t.vectors(part)
		if err != nil {
			return err
		}
		// A block may be in two parts.
		if err := t.addCodes(now, mean, vectors); err != nil {
			return err
		}
	}
	return nil
}

// newMean is that of the directions of vectors, sampled evenly.
func (t *tx) newMean(nums []int64, dimensions int) ([]float32, error) {
	sample := nums
	if len(nums) > meanSample {
		sample = make([]int64, meanSample)
		for i := range sample {
			sample[i] = nums[i*len(nums)/meanSample]
		}
	}
	sum := make([]float64, dimensions)
	for part := range slices.Chunk(sample, 1024) {
		vectors, err := t.vectors(part)
		if err != nil {
			return nil, err
		}
		for _, v := range vectors {
			numbers, err := vectorOf(v.vector)
			if err != nil || len(numbers) != dimensions {
				return nil, errCutShort
			}
			for i, x := range directionOf(numbers) {
				sum[i] += x
			}
		}
	}
	mean := make([]float32, dimensions)
	for i, x := range sum {
		mean[i] = float32(x / float64(len(sample)))
	}
	return mean, nil
}

// vectors reads those of chunks that all have one, in order of number.
func (t *tx) vectors(nums []int64) ([]numbered, error) {
	vectors := make([]numbered, 0, len(nums))
	err := t.each(func(r scanner) error {
		var v numbered
		err := r.Scan(&v.num, &v.vector)
		vectors = append(vectors, v)
		return err
	}, selectVectorsOf, jsonOf(nums))
	return vectors, err
}

// selectVectorsOf reads the vectors of chunks, in the order in which they are
// given.
const selectVectorsOf = `
SELECT v.num, v.vector FROM json_each(?1) n CROSS JOIN chunk_vector v ON v.num = n.value`

// collect returns a function that reads rows of one number into nums.
func collect(nums *[]int64) func(scanner) error {
	return func(r scanner) error {
		var num int64
		err := r.Scan(&num)
		*nums = append(*nums, num)
		return err
	}
}
