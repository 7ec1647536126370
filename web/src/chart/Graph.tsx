// A directed graph laid out from left to right (xyflow for the canvas, dagre for the layout).
import dagre from '@dagrejs/dagre'
import { Background, Controls, Handle, Position, ReactFlow, type Edge, type Node, type NodeProps } from '@xyflow/react'
import '@xyflow/react/dist/base.css'
import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import { color } from '../app/tokens'

export interface GraphNode { id: string; kind: string; kindName: string; label: string; title: string; sub: string; open: () => void }
export interface GraphEdge { from: string; to: string; label: string }

const width = 236
const height = 62

function Box({ data }: NodeProps<Node<GraphNode & Record<string, unknown>>>) {
  return (
    <button type="button" className={`node node-${data.kind}`} title={data.title} onClick={data.open}>
      <Handle type="target" position={Position.Left} isConnectable={false} />
      <span className="node-head"><b>{data.label}</b><i>{data.kindName}</i></span>
      <small>{data.sub}</small>
      <Handle type="source" position={Position.Right} isConnectable={false} />
    </button>
  )
}

const kinds = { box: Box }

export function Graph({ label, nodes, edges }: { label: string; nodes: GraphNode[]; edges: GraphEdge[] }) {
  const { t } = useTranslation()
  const laid = useMemo(() => {
    const g = new dagre.graphlib.Graph()
    g.setGraph({ rankdir: 'LR', ranksep: 96, nodesep: 22, marginx: 24, marginy: 24 })
    g.setDefaultEdgeLabel(() => ({}))
    for (const n of nodes) g.setNode(n.id, { width, height })
    for (const e of edges) g.setEdge(e.from, e.to)
    dagre.layout(g)
    return {
      nodes: nodes.map((n) => { const p = g.node(n.id) as { x: number; y: number }; return { id: n.id, type: 'box', position: { x: p.x - width / 2, y: p.y - height / 2 }, width, height, data: { ...n }, draggable: false, connectable: false, focusable: false } }),
      edges: edges.map((e): Edge => ({ id: `${e.from}>${e.to}`, source: e.from, target: e.to, label: e.label, focusable: false, style: { stroke: '#9FB0CC' }, labelStyle: { fill: color.text2, fontSize: 12 }, labelBgStyle: { fill: color.sunken } })),
    }
  }, [nodes, edges])
  return (
    <div className="graph" role="group" aria-label={label} style={{ height: Math.max(300, Math.min(640, laid.nodes.length * 42 + 160)) }}>
      <ReactFlow nodes={laid.nodes} edges={laid.edges} nodeTypes={kinds} fitView fitViewOptions={{ maxZoom: 1, padding: 0.12 }} minZoom={0.2} maxZoom={1.6} nodesDraggable={false} nodesConnectable={false} elementsSelectable={false} proOptions={{ hideAttribution: false }}
        ariaLabelConfig={{ 'controls.zoomIn.ariaLabel': t('graph.in'), 'controls.zoomOut.ariaLabel': t('graph.out'), 'controls.fitView.ariaLabel': t('graph.fit') }}>
        <Background gap={20} color="#DDE3ED" />
        <Controls showInteractive={false} />
      </ReactFlow>
    </div>
  )
}
