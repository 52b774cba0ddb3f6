/** The places where received files are written: opened, refused, and found again by a later page. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { failureOf, memoryBytesMax, openFileStore, writeRecord } from '../src/files/runtime/file-stores.ts'
import { persist, type ResumableFile, ResumeStore, sweepStorage } from '../src/files/runtime/resume-store.ts'
import { TransferRuntime } from '../src/files/runtime/transfers.ts'
import { noFiles } from '../src/files/state.ts'
import { fileId, memberId } from '../src/wire/ids.ts'
import { BrowserStorage } from './browser-storage.ts'

let browser = new BrowserStorage()
beforeEach(() => {
  vi.useFakeTimers()
  browser = new BrowserStorage()
  browser.install()
})
afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

const open = (store: string, bytes: number) => openFileStore(store, { kind: 'private' }, bytes)
const failure = (opening: Promise<unknown>) => opening.then(() => null, failureOf)

describe('opening', () => {
  test('waits while the page before still has the file', async () => {
    const stored = browser.put('one', { bytes: 7 })
    stored.locked = true
    const opening = open('one', 10)
    await vi.advanceTimersByTimeAsync(5_000)
    stored.locked = false
    await vi.advanceTimersByTimeAsync(10_000)
    expect((await opening).stored).toBe(7)
  })

  test('gives up in the end, leaves the file alone, and does not call it too large', async () => {
    browser.put('one', { bytes: 7 }).locked = true
    const opening = failure(open('one', 10))
    await vi.runAllTimersAsync()
    expect(await opening).toBe('no-storage')
    expect(browser.files.has('one')).toBe(true)
  })

  test('several at once share what room there is', async () => {
    browser.quota = 100
    const first = await open('one', 60)
    expect(await failure(open('two', 60))).toBe('no-room')
    await first.write(new Uint8Array(50))
    expect(await failure(open('two', 41))).toBe('no-room')
    const second = await open('two', 40)
    await second.discard()
    await first.discard()
    const alone = await open('three', 100)
    await alone.discard()
    expect(browser.files.size).toBe(0)
  })

  test('without storage refuses what the page could not hold, before a byte has come', async () => {
    vi.stubGlobal('navigator', {})
    expect(await failure(open('one', memoryBytesMax + 1))).toBe('memory-only')
    expect((await open('one', memoryBytesMax)).stored).toBe(0)
  })
})

describe('a large file', () => {
  const asks = async (bytes: number, answer: () => Promise<boolean>): Promise<number> => {
    const persisted = vi.fn(answer)
    vi.stubGlobal('navigator', { storage: { persist: persisted } })
    await persist(bytes)
    return persisted.mock.calls.length
  }

  test('has the browser asked to keep the storage, which may say no, and a small one has not', async () => {
    expect(await asks(67_108_863, async () => true)).toBe(0)
    expect(await asks(67_108_864, async () => true)).toBe(1)
    expect(await asks(67_108_864, async () => Promise.reject(new TypeError('not here')))).toBe(1)
    vi.stubGlobal('navigator', {})
    await expect(persist(67_108_864)).resolves.toBeUndefined()
  })

  test.each([
    ['into the browser’s own storage', undefined, 1],
    ['to where the person says', { kind: 'chosen', handle: {} as FileSystemFileHandle } as const, 0],
  ])('has it asked when it is accepted %s', async (_, place, times) => {
    const persisted = vi.fn(async () => true)
    vi.stubGlobal('navigator', { storage: { persist: persisted } })
    const ada = memberId('ada')
    const transfers = new TransferRuntime({
      room: 'r',
      initial: noFiles,
      resumable: () => undefined,
      openChannel: async () => null,
      connect: () => {
        throw new Error('nobody is to be called')
      },
      sendSignal: () => undefined,
      whenDrained: async () => undefined,
      offer: () => undefined,
      withdraw: () => undefined,
      now: () => 0,
      partFailed: () => undefined,
      changed: () => undefined,
      saved: () => undefined,
    })
    transfers.setRoutes(new Map([[ada, { name: 'Ada', direct: true, transport: 'channel' }]]))
    transfers.offered(ada, { id: fileId('a'), name: 'a.bin', size: 100_000_000, media: '' })
    const [key] = transfers.state.downloads.keys()
    if (key === undefined) throw new Error('nothing is offered')
    transfers.accept(key, place)
    await vi.runAllTimersAsync()
    expect(persisted).toHaveBeenCalledTimes(times)
    transfers.close()
  })
})

describe('a later page', () => {
  const day = 86_400_000
  const card = { id: fileId('a'), name: 'a.bin', size: 10, media: '' }
  const record = { file: card, ownerName: 'ada', resumeToken: 'abcdefghijklmnopqrst' }
  const lock = (store: string): string => `p2pchat-file ${store}`

  const find = async (now = 0): Promise<{ found: ResumableFile[]; page: ResumeStore }> => {
    const found: ResumableFile[] = []
    const page = new ResumeStore('room', () => undefined)
    await page.find(file => found.push(file), now)
    await vi.runAllTimersAsync()
    return { found, page }
  }

  const leave = async (store: string): Promise<void> => {
    browser.put(store, { bytes: 7 })
    let written: Promise<void> = Promise.resolve()
    const page = new ResumeStore('room', (id, text) => {
      written = writeRecord(id, text)
    })
    page.write(store, record)
    await written
  }

  test('finds what can be resumed, and no other page finds it meanwhile', async () => {
    await leave('one')
    const { found, page } = await find()
    expect(found).toEqual([{ ...record, store: 'one', stored: 7 }])
    const other = await find()
    expect(other.found).toEqual([])
    page.close()
    await vi.runAllTimersAsync()
    expect(other.found).toHaveLength(1)
  })

  test('waits for the page before, whose end takes a moment', async () => {
    await leave('one')
    const release = browser.holdElsewhere(lock('one'))
    const { found } = await find()
    expect(found).toEqual([])
    release()
    await vi.runAllTimersAsync()
    expect(found).toHaveLength(1)
  })

  test('removes what was saved or was never recorded, once the browser has had its time', async () => {
    browser.put('saved', { bytes: 7 })
    browser.put('locked', { bytes: 7 }).locked = true
    browser.put('elsewhere', { bytes: 7 })
    browser.put('last', { bytes: 7 })
    browser.holdElsewhere(lock('elsewhere'))
    await find(60_000)
    expect(browser.files.size).toBe(4)
    await find(3_600_000)
    expect([...browser.files.keys()]).toEqual(['locked', 'elsewhere'])
  })

  test('keeps what can be resumed for a day', async () => {
    await leave('one')
    await leave('two')
    const page = (await find(day)).page
    expect(browser.files.size).toBe(4)
    page.close()
    await vi.runAllTimersAsync()
    await find(day + 1)
    expect(browser.files.size).toBe(0)
  })

  test('that is in no room removes what nobody can use, and leaves what can be resumed', async () => {
    browser.put('saved', { bytes: 7 })
    await leave('one')
    await sweepStorage(3_600_000)
    expect([...browser.files.keys()].sort()).toEqual(['one', 'one.note'])
    const { found } = await find(3_600_000)
    expect(found).toHaveLength(1)
  })

  test('removes a whole file as soon as it has been saved', async () => {
    browser.put('one', { bytes: 7 })
    const page = new ResumeStore('room', () => undefined)
    page.hold('one')
    await page.discard('one')
    expect(browser.files.size).toBe(0)
  })
})
