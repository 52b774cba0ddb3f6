/** Folders and files as they are dropped or picked: nothing is left out without a word. */
import { expect, test } from 'vitest'
import { bundled, itemsMax } from '../src/files/runtime/sources.ts'
import type { ShareItem } from '../src/files/state.ts'
import { dropped, picked } from '../src/ui/picked.ts'

type Tree = { readonly [name: string]: Tree | 'file' | 'unreadable' }

/** Entries as a browser gives them: two at a time. */
const entryOf = (name: string, node: Tree[string]): unknown => {
  const refuse = (no: (error: Error) => void): void => no(new DOMException('', 'NotFoundError'))
  if (node === 'file' || node === 'unreadable')
    return {
      name,
      isDirectory: false,
      file: (yes: (file: File) => void, no: (error: Error) => void) =>
        node === 'file' ? yes(new File(['x'], name)) : refuse(no),
    }
  const left = Object.entries(node).map(([below, it]) => entryOf(below, it))
  return {
    name,
    isDirectory: true,
    createReader: () => ({
      readEntries: (yes: (entries: unknown[]) => void, no: (error: Error) => void) =>
        name === 'forbidden' ? refuse(no) : yes(left.splice(0, 2)),
    }),
  }
}

const drop = (tree: Tree) => {
  const items = Object.entries(tree).map(([name, node]) => ({
    kind: 'file',
    webkitGetAsEntry: () => entryOf(name, node),
    getAsFile: () => (node === 'file' ? new File(['x'], name) : null),
  }))
  return dropped({ items } as unknown as DataTransfer)
}

const pathsOf = (item: ShareItem | undefined): string[] =>
  item && 'files' in item ? item.files.map(({ path }) => path) : []

test('one that cannot be read is named, and the others are sent', async () => {
  const { items, unreadable } = await drop({
    folder: { a: 'file', b: 'unreadable', forbidden: {}, below: { c: 'file', d: 'unreadable' } },
    alone: 'unreadable',
  })
  expect(items).toHaveLength(1)
  expect(pathsOf(items[0])).toEqual(['folder/a', 'folder/below/c'])
  expect(unreadable).toEqual(['folder/b', 'folder/forbidden', 'folder/below/d', 'alone'])
})

test('empty folders are sent, and an empty one alone too', async () => {
  const { items } = await drop({ a: { empty: {}, x: 'file' }, b: {} })
  expect(items).toMatchObject([
    { name: 'a', emptyFolders: ['a/empty'], files: [{ path: 'a/x' }] },
    { name: 'b', emptyFolders: ['b'], files: [] },
  ])
})

test('more than can be read are named and not dropped in silence', async () => {
  const many = Object.fromEntries(Array.from({ length: 20_001 }, (_, at) => [`${at}`, 'file'] as const))
  const { items, unreadable } = await drop({ many })
  expect(pathsOf(items[0])).toHaveLength(20_000)
  expect(unreadable).toEqual(['many/20000'])
})

test('a hundred loose files go as one folder, each under a name of its own', () => {
  const files = Array.from({ length: 100 }, (_, at) => new File(['x'], at < 3 ? 'same.jpg' : `${at}.jpg`))
  const { items } = picked(files.map(file => Object.assign(file, { webkitRelativePath: '' })))
  expect(items).toHaveLength(100)
  expect(bundled(items.slice(0, itemsMax))).toHaveLength(itemsMax)
  const [folder, ...others] = bundled(items)
  expect(others).toEqual([])
  const paths = pathsOf(folder)
  expect(paths.slice(0, 4)).toEqual(['same.jpg', 'same (2).jpg', 'same (3).jpg', '3.jpg'])
  expect(new Set(paths).size).toBe(100)
})

test('many folders go as one too, with their paths and empty folders', async () => {
  const tree = Object.fromEntries(
    Array.from({ length: 41 }, (_, at) => [`f${at}`, { a: 'file', b: {} }] as const),
  )
  const { items } = await drop(tree)
  const [folder] = bundled(items)
  expect(pathsOf(folder)).toContain('f40/a')
  expect(folder).toMatchObject({ emptyFolders: expect.arrayContaining(['f40/b']) })
})
