package reply

import (
	"math"
	"math/rand/v2"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// only returns the one value of a reply.
func only(t testing.TB, value string) Value {
	t.Helper()
	r, err := Parse([]byte(holding(value)))
	require.NoError(t, err)
	return r.Row(0).Get("v")
}

func TestRowsTakeNoObjectsOfTheirOwn(t *testing.T) {
	objects := func(rows int) float64 {
		raw := written(rows, []string{"id", "at", "score"}, str(uuid), position, score)
		return testing.AllocsPerRun(10, func() {
			if _, err := Parse(raw); err != nil {
				panic(err)
			}
		})
	}
	require.InDelta(t, objects(1), objects(1000), 0)
}

func TestWhatIsNotThereIsNull(t *testing.T) {
	r := read(t, "list.resp3")
	list, m := r.Row(0).Get("v"), read(t, "map.resp3").Row(0).Get("v")
	for name, v := range map[string]Value{
		"zero value":       {},
		"column":           r.Row(0).Get("none"),
		"column number":    r.Row(0).At(2),
		"column below 0":   r.Row(0).At(-1),
		"row":              r.Row(1).At(0),
		"row below 0":      r.Row(-1).At(0),
		"element":          list.At(5),
		"element below 0":  list.At(-1),
		"key":              m.Get("none"),
		"element of a map": m.At(0),
		"key of a list":    list.Get("a"),
	} {
		t.Run(name, func(t *testing.T) {
			require.True(t, v.IsNull())
			require.Equal(t, Value{}, v)
			require.Nil(t, v.Any())
		})
	}
}

func TestAnotherKindIsZero(t *testing.T) {
	for name := range replies(t) {
		r, err := Parse(replies(t)[name])
		if err != nil || r.Len() == 0 {
			continue
		}
		t.Run(name, func(t *testing.T) {
			v := r.Row(0).At(0)
			for kind, zero := range map[Kind]bool{
				KindString: v.Text() == "", KindBool: !v.Bool(), KindFloat: v.Float() == 0, KindInt: v.Int() == 0,
				KindList: v.List() == nil && v.At(0).IsNull(), KindVector: v.Vector() == nil,
				KindDuration: v.Duration() == 0, KindPoint: v.Point() == Point{},
				KindNode: v.Node().Labels == nil, KindEdge: v.Edge().Properties == nil, KindPath: v.Path().Nodes == nil,
			} {
				counts := v.Kind() >= KindDateTime && kind == KindInt || v.Kind() == KindInt && kind == KindFloat
				require.True(t, zero || kind == v.Kind() || counts, "%s of a %s", kind, v.Kind())
			}
		})
	}
}

func TestListsAreReadInOrder(t *testing.T) {
	v := read(t, "list.resp2").Row(0).Get("v")
	require.Equal(t, 5, v.Len())
	list := v.List()
	require.Len(t, list, 5)
	for i, element := range list {
		require.Equal(t, v.At(i), element)
	}
	require.Equal(t, "a", list[1].Text())
}

func TestMapsAreReadByKey(t *testing.T) {
	v := read(t, "map.resp2").Row(0).Get("v")
	require.Equal(t, 2, v.Len())
	require.EqualValues(t, 1, v.Get("a").Int())
	require.Equal(t, 1, v.Get("b").Get("c").Len())
}

func TestVectorsCannotGrowIntoEachOther(t *testing.T) {
	v := only(t, "*2\r\n:6\r\n*2\r\n"+"*2\r\n:12\r\n*1\r\n,1\r\n"+"*2\r\n:12\r\n*1\r\n,2\r\n")
	_ = append(v.At(0).Vector(), 3)
	require.Equal(t, []float32{2}, v.At(1).Vector())
}

func TestIntegersAreTimesInMicroseconds(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 678_901_000, time.UTC)
	v := only(t, "*2\r\n:3\r\n:"+strconv.FormatInt(at.UnixMicro(), 10)+"\r\n")
	require.Equal(t, at, v.Time())
}

func TestOnlyWhatHasElementsHasALength(t *testing.T) {
	require.Equal(t, 5, read(t, "vector.resp2").Row(0).Get("v").Len())
	require.Zero(t, read(t, "string.resp2").Row(0).Get("a").Len())
}

func TestOnlyTimesAreTimes(t *testing.T) {
	require.Zero(t, read(t, "string.resp2").Row(0).Get("a").Time())
}

func TestLongDurationsAreCut(t *testing.T) {
	const most = math.MaxInt64 / time.Second * time.Second
	require.Equal(t, most, only(t, "*2\r\n:16\r\n:9223372036854775807\r\n").Duration())
	require.Equal(t, -most, only(t, "*2\r\n:16\r\n:-9223372036854775808\r\n").Duration())
}

func TestIntegersAreFloatsToo(t *testing.T) {
	require.InDelta(t, 7.0, only(t, "*2\r\n:3\r\n:7\r\n").Float(), 0)
}

func TestKindsHaveNames(t *testing.T) {
	require.Equal(t, "null", KindNull.String())
	require.Equal(t, "duration", KindDuration.String())
	require.Equal(t, "unknown", Kind(16).String())
}

func TestFloatsAreReadAsStrconvReadsThem(t *testing.T) {
	words := []string{
		"0", "-0", "1", "-1", "0.5", "00.50", "9007199254740991", "9007199254740993", "123456789012345678",
		"1234567890123456789", "12345678901234567890", "99999999999999999999", "0.1234567890123456789012",
		"0.12345678901234567890123", "0.0000000000000000000001", ".5", "5.", "1e5", "1E-5", "-1.5e-300", "inf", "-inf",
	}
	random := rand.New(rand.NewPCG(1, 2))
	for range 10_000 {
		words = append(words, strconv.FormatFloat(random.NormFloat64(), 'g', random.IntN(18), 64))
	}
	for _, word := range words {
		want, err := strconv.ParseFloat(word, 64)
		require.NoError(t, err)
		s := scanner{text: "," + word + "\r\n"}
		got := s.float64()
		require.NoError(t, s.err, word)
		require.Equal(t, math.Float64bits(want), math.Float64bits(got), word)
	}
}

func TestNumbersThatAreNoneAreRefused(t *testing.T) {
	for _, word := range []string{"", "-", ".", "-.", "1.2.3", "--1", "1-", "+-1", "0x", "1,5", " 1"} {
		s := scanner{text: "," + word + "\r\n"}
		s.float64()
		require.Equal(t, &FormatError{At: 0, Why: "not a float"}, s.err, word)
	}
}
