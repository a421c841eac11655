package reply

// Node is a node as a reply shows it: with numbers in place of names. They
// count the rows of CALL db.labels() and CALL db.propertyKeys(), and change
// when the graph is made anew, so that queries do better to return maps.
type Node struct {
	ID         int64
	Labels     []int64 // their ids
	Properties []Property
}

// Edge is an edge. The numbers count as they do for a [Node], and its type
// the rows of CALL db.relationshipTypes().
type Edge struct {
	ID         int64
	Type       int64 // its id
	From, To   int64 // the ids of two nodes
	Properties []Property
}

// Property is a property of a node or an edge.
type Property struct {
	Key   int64 // its id
	Value Value
}

// Path is a way through the graph: a node more than edges.
type Path struct {
	Nodes []Node
	Edges []Edge
}

// Point is a place on the globe, in degrees, which the server keeps as
// float32.
type Point struct{ Latitude, Longitude float32 }

// Node returns a node.
func (v Value) Node() Node {
	if v.kind != KindNode {
		return Node{}
	}
	labels := v.child(1)
	n := Node{ID: v.child(0).Int(), Labels: make([]int64, labels.Len()), Properties: v.child(2).properties()}
	for i := range n.Labels {
		n.Labels[i] = labels.At(i).Int()
	}
	return n
}

// Edge returns an edge.
func (v Value) Edge() Edge {
	if v.kind != KindEdge {
		return Edge{}
	}
	return Edge{
		ID: v.child(0).Int(), Type: v.child(1).Int(), From: v.child(2).Int(), To: v.child(3).Int(),
		Properties: v.child(4).properties(),
	}
}

// Path returns a path.
func (v Value) Path() Path {
	if v.kind != KindPath {
		return Path{}
	}
	nodes, edges := v.child(0), v.child(1)
	p := Path{Nodes: make([]Node, nodes.Len()), Edges: make([]Edge, edges.Len())}
	for i := range p.Nodes {
		p.Nodes[i] = nodes.At(i).Node()
	}
	for i := range p.Edges {
		p.Edges[i] = edges.At(i).Edge()
	}
	return p
}

// Point returns a point.
func (v Value) Point() Point {
	if v.kind != KindPoint {
		return Point{}
	}
	return Point{Latitude: v.doc.floats[v.num], Longitude: v.doc.floats[v.num+1]}
}

// properties returns what a node or an edge holds, which is kept as a map
// with numbers for keys.
func (v Value) properties() []Property {
	list := make([]Property, v.n)
	for i := range list {
		list[i] = Property{Key: v.child(2 * i).Int(), Value: v.child(2*i + 1)}
	}
	return list
}

// anyOfGraph is Any for what only a graph has.
func (v Value) anyOfGraph() any {
	switch v.kind {
	case KindEdge:
		return v.Edge()
	case KindNode:
		return v.Node()
	case KindPath:
		return v.Path()
	case KindPoint:
		return v.Point()
	}
	return nil
}
