package vector

import (
	"github.com/muster-engine/muster/compiler/decimal"
	"github.com/muster-engine/muster/compiler/ir"
)

// Collector joins the vectors of successive batches into one that outlives them.
type Collector struct {
	out   *Vec
	at    int
	first *string // of the dictionary that out.Dict is, as long as all batches share it
	codes map[string]uint32
}

// NewCollector collects n lanes of a kind. Every batch but the last must have a multiple of 64 lanes.
func NewCollector(k ir.Kind, n int) *Collector {
	v := &Vec{Kind: k, N: n}
	switch k {
	case ir.Bool:
		v.B = make([]uint64, Words(n))
	case ir.Number:
		v.F = make([]float64, n)
	case ir.Exact:
		v.D = make([]decimal.Decimal, n)
	case ir.String, ir.Row:
		v.T = make([]uint32, n)
	case ir.Set:
		v.S = make([][]string, n)
	default:
		v.I = make([]int64, n)
	}
	return &Collector{out: v}
}

// Add appends a batch's full (not uniform) vector.
func (c *Collector) Add(v *Vec) {
	out, at := c.out, c.at
	c.at += v.N
	if v.Known != nil {
		if out.Known == nil {
			out.Known = make([]uint64, Words(out.N))
			FillOnes(out.Known, out.N)
		}
		copy(out.Known[at/64:], v.Known[:Words(v.N)])
	}
	switch {
	case out.B != nil:
		copy(out.B[at/64:], v.B)
	case out.F != nil:
		copy(out.F[at:], v.F)
	case out.D != nil:
		copy(out.D[at:], v.D)
	case out.T != nil:
		c.addTexts(out.T[at:at+v.N], v)
	case out.S != nil:
		copy(out.S[at:], v.S)
	default:
		copy(out.I[at:], v.I)
	}
}

func (c *Collector) addTexts(dst []uint32, v *Vec) {
	out := c.out
	if len(v.Dict) == 0 {
		return
	}
	if out.Dict == nil {
		out.Dict, c.first = v.Dict, &v.Dict[0]
	}
	if c.codes == nil && c.first == &v.Dict[0] && len(out.Dict) == len(v.Dict) {
		copy(dst, v.T)
		return
	}
	if c.codes == nil {
		c.codes = make(map[string]uint32, len(out.Dict))
		for i, s := range out.Dict {
			c.codes[s] = uint32(i)
		}
		out.Dict = out.Dict[:len(out.Dict):len(out.Dict)]
	}
	memo := make(map[uint32]uint32)
	for i, code := range v.T {
		to, ok := memo[code]
		if !ok {
			s := v.Dict[code]
			if to, ok = c.codes[s]; !ok {
				to = uint32(len(out.Dict))
				c.codes[s] = to
				out.Dict = append(out.Dict, s)
			}
			memo[code] = to
		}
		dst[i] = to
	}
}

// Vec returns what was collected; texts have a dictionary even where there are none.
func (c *Collector) Vec() *Vec {
	if c.out.T != nil && len(c.out.Dict) == 0 {
		c.out.Dict = []string{""}
	}
	return c.out
}
