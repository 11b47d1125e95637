import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import react from '@vitejs/plugin-react'
import { defineConfig, type Plugin } from 'vite'

/** The regular weights are wanted by the first paint: the browser learns of them before it has read any style sheet. */
function preloadFonts(): Plugin {
  const first = /be-vietnam-pro-(vietnamese|latin)-400-normal-.*\.woff2$/
  return {
    name: 'preload-fonts',
    transformIndexHtml: {
      order: 'post',
      handler: (_html, context) =>
        Object.keys(context.bundle ?? {})
          .filter((file) => first.test(file))
          .map((file) => ({
            tag: 'link',
            attrs: { rel: 'preload', as: 'font', type: 'font/woff2', href: `/${file}`, crossorigin: '' },
            injectTo: 'head' as const,
          })),
    },
  }
}

const server = process.env.MOTCUA_SERVER ?? 'http://127.0.0.1:8080'

export default defineConfig({
  plugins: [react(), preloadFonts()],
  resolve: { alias: { '@': fileURLToPath(new URL('./src', import.meta.url)) } },
  define: {
    __VERSION__: JSON.stringify((JSON.parse(readFileSync('./package.json', 'utf8')) as { version: string }).version),
  },
  // Inlined assets would be data: addresses, which the content policy refuses.
  build: { target: 'es2022', manifest: true, assetsInlineLimit: 0, modulePreload: { polyfill: false } },
  // The PDF worker is a module of several files' worth of modern script.
  worker: { format: 'es' },
  server: {
    // Host is kept, so that the server's Origin check sees one origin.
    proxy: Object.fromEntries(['/api', '/verify', '/healthz', '/readyz'].map((path) => [path, { target: server, changeOrigin: false }])),
  },
  test: { environment: 'node', include: ['src/**/*.test.ts'] },
} as Parameters<typeof defineConfig>[0] & { test: unknown })
