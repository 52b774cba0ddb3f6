/** `npm run bench`: what is claimed of speed, measured; not a part of the tests. */
import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['bench/**/*.bench.ts'],
    environment: 'node',
    testTimeout: 1_800_000,
    hookTimeout: 60_000,
    // What is waited for before a measurement may take its time.
    expect: { poll: { timeout: 60_000 } },
    fileParallelism: false,
  },
})
