import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

// `vite` proxies the API to a running hub (SHUNIU_URL); without one the pages
// are served by the test fixtures.
const hub = process.env.SHUNIU_URL

export default defineConfig(async ({ command, mode }) => ({
  plugins: [react(), ...(command === 'serve' && mode !== 'test' && !hub ? [(await import('./test/fixture/plugin.ts')).fixtures()] : [])],
  server: { host: '127.0.0.1', port: 5173, ...(hub ? { proxy: { '/api': hub } } : {}) },
  build: {
    target: 'es2022',
    outDir: 'dist',
    emptyOutDir: false,
    chunkSizeWarningLimit: 1500,
    rolldownOptions: {
      output: {
        codeSplitting: {
          groups: [
            { name: 'react', test: /node_modules[\\/](react|react-dom|scheduler|@tanstack|i18next|react-i18next)[\\/]/ },
            { name: 'graph', test: /node_modules[\\/](@xyflow|@dagrejs|d3-|zustand|classcat)/ },
            { name: 'antd', test: /node_modules[\\/](antd|@ant-design|@rc-component|rc-|dayjs)/ },
          ],
        },
      },
    },
  },
  test: { environment: 'happy-dom', testTimeout: 60_000, include: ['test/**/*.test.ts', 'test/**/*.test.tsx'], setupFiles: ['test/setup.ts'] },
}))
