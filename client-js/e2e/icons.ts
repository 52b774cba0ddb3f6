/** Draws the icons of the installed app: the favicon in the sizes and shapes that systems want, into `public/`. */
import { readFileSync } from 'node:fs'
import { test } from 'vitest'
import { launch } from './engines.ts'

const folder = new URL('../public/', import.meta.url)

/** `bleed`: the ground to the very edge, since the system cuts a shape of its own out of it. */
const icons: readonly { name: string; px: number; bleed: boolean }[] = [
  { name: 'icon-192.png', px: 192, bleed: false },
  { name: 'icon-512.png', px: 512, bleed: false },
  { name: 'icon-maskable-512.png', px: 512, bleed: true },
  { name: 'icon-apple-180.png', px: 180, bleed: true },
]

/** What is drawn keeps within the middle four fifths, which every shape leaves whole. */
const spread = (svg: string): string =>
  svg
    .replace('rx="9" ', '')
    .replace('viewBox="0 0 32 32"', 'viewBox="-2 -2 36 36"')
    .replace('<rect width="32" height="32"', '<rect x="-2" y="-2" width="36" height="36"')

test('icons', async () => {
  const favicon = readFileSync(new URL('favicon.svg', folder), 'utf8')
  const browser = await launch()
  const page = await browser.newPage()
  for (const { name, px, bleed } of icons) {
    await page.setViewportSize({ width: px, height: px })
    const svg = Buffer.from(bleed ? spread(favicon) : favicon).toString('base64')
    await page.setContent(
      `<body style="margin:0"><img style="display:block;width:100vw" src="data:image/svg+xml;base64,${svg}">`,
    )
    await page.locator('img').screenshot({ path: new URL(name, folder).pathname, omitBackground: true })
  }
  await browser.close()
})
