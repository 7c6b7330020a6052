import { fileURLToPath } from 'node:url'
import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

const SERVER = process.env.TUNEBOOK_URL ?? 'http://127.0.0.1:4000'

/**
 * The dashboard: `node web/build.ts` builds it into build/web; `npx vite web` serves it with hot reload beside a running
 * server, whose address TUNEBOOK_URL names.
 */
export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  plugins: [react()],
  build: {
    outDir: fileURLToPath(new URL('../build/web', import.meta.url)),
    emptyOutDir: true,
    // Browsers since the middle of 2024: the first that know light-dark().
    target: ['chrome123', 'firefox120', 'safari17.5'],
    // The server forbids data: scripts and fonts; every file keeps a name of its own.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  server: {
    proxy: {
      // The server answers only pages of its own, so the proxy speaks in its name.
      '/graphql': { target: SERVER, changeOrigin: true, ws: true, headers: { origin: SERVER } },
    },
  },
})
