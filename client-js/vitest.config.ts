/** Unit tests: no browser, no network. The time they may take is no measure of anything; a machine may have much else to do. */
import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: { include: ['test/**/*.test.ts'], environment: 'node', testTimeout: 30_000 },
})
