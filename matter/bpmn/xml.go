package bpmn

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"shuniu/fault"
	"shuniu/matter/define"
)

// The namespace of BPMN 2.0 models. Source: OMG formal/2011-01-03.
const model = "http://www.omg.org/spec/BPMN/20100524/MODEL"

// maxFile bounds a file, in bytes.
const maxFile = 4 << 20

// Marshal writes a process as BPMN 2.0 XML.
func Marshal(p *Process) []byte {
	var b bytes.Buffer
	text := func(s string) string {
		var t bytes.Buffer
		_ = xml.EscapeText(&t, []byte(s)) // a buffer takes everything
		return t.String()
	}
	fmt.Fprintf(&b, "%s<definitions xmlns=%q targetNamespace=\"urn:shuniu:matter\">\n", xml.Header, model)
	fmt.Fprintf(&b, "  <process id=\"%s\" name=\"%s\" isExecutable=\"false\">\n", text(p.ID), text(p.Name))
	for _, n := range p.Nodes {
		if n.Kind != Timer {
			fmt.Fprintf(&b, "    <%s id=\"%s\" name=\"%s\"/>\n", n.Kind, text(n.ID), text(n.Name))
			continue
		}
		fmt.Fprintf(&b, "    <%s id=\"%s\" name=\"%s\" attachedToRef=\"%s\">\n", n.Kind, text(n.ID), text(n.Name), text(n.Attached))
		fmt.Fprintf(&b, "      <timerEventDefinition><timeDuration>%s</timeDuration></timerEventDefinition>\n    </%s>\n", text(n.Limit), n.Kind)
	}
	for _, f := range p.Flows {
		fmt.Fprintf(&b, "    <sequenceFlow id=\"%s\" name=\"%s\" sourceRef=\"%s\" targetRef=\"%s\"", text(f.ID), text(f.Name), text(f.From), text(f.To))
		if f.When == "" {
			b.WriteString("/>\n")
			continue
		}
		fmt.Fprintf(&b, ">\n      <conditionExpression>%s</conditionExpression>\n    </sequenceFlow>\n", text(f.When))
	}
	b.WriteString("  </process>\n</definitions>\n")
	return b.Bytes()
}

// ignored are elements that draw or explain and change nothing.
var ignored = []string{"documentation", "extensionElements", "incoming", "outgoing", "BPMNDiagram", "textAnnotation", "association"}

// Unmarshal reads a process. What is not in the subset is refused: the error is
// define.Problems with element and line.
func Unmarshal(file string, source []byte) (*Process, error) {
	var found define.Problems
	if len(source) > maxFile {
		return nil, define.Problems{{File: file, What: fmt.Sprintf("%d bytes", len(source)), Mend: fmt.Sprintf("want at most %d", maxFile)}}
	}
	d := xml.NewDecoder(bytes.NewReader(source))
	bad := func(mend, format string, args ...any) {
		line, _ := d.InputPos()
		found = append(found, define.Problem{File: file, Line: line, What: fmt.Sprintf(format, args...), Mend: mend})
	}
	p := &Process{}
	processes := 0
	var trail []string
	for {
		tok, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			bad("", "no XML: %v", err)
			return nil, found
		}
		switch tok := tok.(type) {
		case xml.EndElement:
			trail = trail[:len(trail)-1]
			continue
		case xml.CharData:
			if len(trail) == 0 {
				continue
			}
			switch s := strings.TrimSpace(string(tok)); trail[len(trail)-1] {
			case "conditionExpression":
				p.Flows[len(p.Flows)-1].When += s
			case "timeDuration":
				p.Nodes[len(p.Nodes)-1].Limit += s
			}
			continue
		case xml.StartElement:
			name, parent := tok.Name.Local, ""
			if len(trail) > 0 {
				parent = trail[len(trail)-1]
			}
			if slices.Contains(ignored, name) {
				if err := d.Skip(); err != nil {
					bad("", "no XML: %v", err)
					return nil, found
				}
				continue
			}
			attr := map[string]string{}
			for _, a := range tok.Attr {
				attr[a.Name.Local] = a.Value
			}
			if !p.element(name, parent, attr) {
				bad("use start and end event, user and service task, exclusive and parallel gateway, timer boundary event", "element %s in %s is not in the subset", name, parent)
				if err := d.Skip(); err != nil {
					bad("", "no XML: %v", err)
					return nil, found
				}
				continue
			}
			if name == "process" {
				if processes++; processes > 1 {
					bad("one process a file", "a second process")
				}
			}
			trail = append(trail, name)
		}
	}
	if err := p.check(); err != nil && len(found) == 0 {
		found = append(found, define.Problem{File: file, What: err.Error()})
	}
	if len(found) > 0 {
		return nil, found
	}
	return p, nil
}

// element takes an element of the subset; false when it is none.
func (p *Process) element(name, parent string, attr map[string]string) bool {
	switch {
	case name == "definitions" && parent == "":
	case name == "process" && parent == "definitions":
		p.ID, p.Name = attr["id"], attr["name"]
	case parent == "process" && slices.Contains([]Kind{Start, End, User, Service, Exclusive, Parallel, Timer}, Kind(name)):
		p.Nodes = append(p.Nodes, Node{ID: attr["id"], Kind: Kind(name), Name: attr["name"], Attached: attr["attachedToRef"]})
	case parent == "process" && name == "sequenceFlow":
		p.Flows = append(p.Flows, Flow{ID: attr["id"], From: attr["sourceRef"], To: attr["targetRef"], Name: attr["name"]})
	case parent == "sequenceFlow" && name == "conditionExpression":
	case parent == string(Timer) && name == "timerEventDefinition":
	case parent == "timerEventDefinition" && name == "timeDuration":
	default:
		return false
	}
	return true
}

// check holds the graph together.
func (p *Process) check() error {
	seen := map[string]bool{}
	starts := 0
	for _, n := range p.Nodes {
		if n.ID == "" || seen[n.ID] {
			return fmt.Errorf("a node's id %q is empty or stands twice: %w", n.ID, fault.Invalid)
		}
		seen[n.ID] = true
		if n.Kind == Start {
			starts++
		}
	}
	if starts != 1 {
		return fmt.Errorf("%d start events, want one: %w", starts, fault.Invalid)
	}
	for _, n := range p.Nodes {
		if n.Kind == Timer && !seen[n.Attached] {
			return fmt.Errorf("timer %s is attached to %q, which is no node: %w", n.ID, n.Attached, fault.Invalid)
		}
	}
	for _, f := range p.Flows {
		if !seen[f.From] || !seen[f.To] {
			return fmt.Errorf("flow %s leads from %q to %q, of which one is no node: %w", f.ID, f.From, f.To, fault.Invalid)
		}
	}
	return nil
}
