/** Unit tests: no browser, no network. The time they may take is no measure of anything; a machine may have much else to do. */
import { defineConfig } from 'vitest/config'
import { emoji } from './vite.emoji.ts'

export default defineConfig({
  plugins: [emoji()],
  test: { include: ['test/**/*.test.ts'], environment: 'node', testTimeout: 30_000 },
})
