/** `npm run screenshots`: every view as a picture, light and dark, wide and narrow. */
import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: { include: ['e2e/screenshots.ts'], environment: 'node', testTimeout: 300_000, hookTimeout: 60_000 },
})
