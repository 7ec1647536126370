// Package bpmn is a window on types of matters for those who think in BPMN 2.0:
// Of draws a type as a process, Marshal and Unmarshal write and read the XML,
// and Draft turns a process into the YAML of a type that a person completes.
//
// The subset: start and end event, user and service task, exclusive and
// parallel gateway, sequence flow, timer boundary event. Anything else is
// refused with its element and line. What BPMN has no word for is not drawn:
// actions that stay in a state or are common to all states, reopening an end,
// leaving parallel lines by an action of the whole.
package bpmn
