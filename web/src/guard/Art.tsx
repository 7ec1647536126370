/** Art: many departments, one hub, five hubs that draw on it. Still lines, nothing that blinks. */
export function Art() {
  const from = Array.from({ length: 15 }, (_, i) => ({ x: -20 + (i % 2) * 46, y: 40 + i * 52 }))
  const to = Array.from({ length: 5 }, (_, i) => ({ x: 652 + Math.abs(i - 2) * -30, y: 196 + i * 104 }))
  const hub = { x: 400, y: 404 }
  return (
    <svg className="art" viewBox="0 0 720 808" preserveAspectRatio="xMidYMid slice" aria-hidden="true">
      <defs>
        <radialGradient id="art-glow"><stop offset="0" stopColor="#6FA8FF" stopOpacity=".42" /><stop offset="1" stopColor="#6FA8FF" stopOpacity="0" /></radialGradient>
        <linearGradient id="art-in" x1="0" x2="1"><stop offset="0" stopColor="#9CC3FF" stopOpacity=".05" /><stop offset="1" stopColor="#9CC3FF" stopOpacity=".5" /></linearGradient>
        <linearGradient id="art-out" x1="0" x2="1"><stop offset="0" stopColor="#9CC3FF" stopOpacity=".55" /><stop offset="1" stopColor="#9CC3FF" stopOpacity=".16" /></linearGradient>
      </defs>
      <circle cx={hub.x} cy={hub.y} r="260" fill="url(#art-glow)" />
      {from.map((p, i) => <path key={i} d={`M${p.x} ${p.y} C ${p.x + 210} ${p.y}, ${hub.x - 190} ${hub.y + (p.y - hub.y) * 0.16}, ${hub.x} ${hub.y}`} fill="none" stroke="url(#art-in)" strokeWidth={1 + (i % 3) * 0.35} />)}
      {to.map((p, i) => <path key={i} d={`M${hub.x} ${hub.y} C ${hub.x + 130} ${hub.y + (p.y - hub.y) * 0.1}, ${p.x - 150} ${p.y}, ${p.x} ${p.y}`} fill="none" stroke="url(#art-out)" strokeWidth="1.6" />)}
      {from.map((p, i) => <circle key={i} cx={p.x + 96 + (i % 3) * 22} cy={p.y + (hub.y - p.y) * 0.052} r={i % 4 === 0 ? 3 : 2} fill="#CFE2FF" opacity={0.55} />)}
      {to.map((p, i) => <circle key={i} cx={p.x} cy={p.y} r="5.5" fill={['#4C9BFF', '#FF6A5E', '#FFB648', '#2FD9C0', '#A58BFF'][i]} />)}
      {[74, 50, 28].map((r, i) => <circle key={r} cx={hub.x} cy={hub.y} r={r} fill={i === 2 ? '#fff' : 'none'} stroke="#CFE2FF" strokeOpacity={i === 0 ? 0.22 : 0.5} strokeWidth="1.2" />)}
      <circle cx={hub.x} cy={hub.y} r="13" fill="#1659D9" />
    </svg>
  )
}
