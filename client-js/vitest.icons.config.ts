/** How the icons in `public/` are drawn anew, after a change to the favicon. */
import { defineConfig } from 'vitest/config'

export default defineConfig({ test: { include: ['e2e/icons.ts'], testTimeout: 60_000 } })
