/** The code by which two people make sure that nobody sits between them, and what a connection tells of its way. */
import { expect, test } from 'vitest'
import { routeOf, safetyCode } from '../src/link/connection-info.ts'
import { fingerprints } from '../src/wire/signal.ts'

const ada = ['sha-256 aa:bb']
const ben = ['sha-256 cc:dd']
const eve = ['sha-256 ee:ff']

test('both ends come to the same code, of six groups of five digits', async () => {
  const code = await safetyCode(ada, ben)
  expect(code).toEqual(await safetyCode(ben, ada))
  expect(code).toHaveLength(6)
  for (const group of code) expect(group).toMatch(/^\d{5}$/)
  // Fixed, since pages of different versions have to agree.
  expect(code.join(' ')).toBe('56584 12513 86738 64812 19061 49805')
})

test('somebody in between leads to different codes, and so does a certificate too many', async () => {
  const [atAda, atBen] = [await safetyCode(ada, eve), await safetyCode(eve, ben)]
  expect(atAda).not.toEqual(atBen)
  expect(await safetyCode(ada, [...ben, ...eve])).not.toEqual(await safetyCode(ben, ada))
  expect(await safetyCode(ada, [...eve, ...ben])).toEqual(await safetyCode(ada, [...ben, ...eve, ...ben]))
})

test('a description tells every certificate it would take, each once', () => {
  const line = (print: string): string => `a=fingerprint:sha-256 ${print}\r\n`
  expect(fingerprints(`v=0\r\n${line('AA:BB')}m=x\r\n${line('aa:bb')}`)).toEqual(['sha-256 aa:bb'])
  expect(fingerprints(`${line('AA')}m=x\r\n${line('BB')}`)).toEqual(['sha-256 aa', 'sha-256 bb'])
  expect(fingerprints('v=0')).toEqual([])
})

test('a way is through a relay if either end is one', () => {
  const report = (local: string, remote: string, relayProtocol?: string) => [
    ['T', { type: 'transport', selectedCandidatePairId: 'P' }] as const,
    ['P', { type: 'candidate-pair', localCandidateId: 'L', remoteCandidateId: 'R' }] as const,
    ['L', { type: 'local-candidate', candidateType: local, relayProtocol }] as const,
    ['R', { type: 'remote-candidate', candidateType: remote }] as const,
  ]
  expect(routeOf(report('host', 'srflx'))).toBe('direct')
  expect(routeOf(report('relay', 'host'))).toBe('relayed')
  expect(routeOf(report('host', 'relay'))).toBe('relayed')
  expect(routeOf([])).toBeNull()
  expect(routeOf(report('relay', 'host', 'tls'))).toBe('relayed-tls')
  expect(routeOf(report('relay', 'relay', 'something new'))).toBe('relayed')
  expect(routeOf(report('host', 'host', 'udp'))).toBe('direct')
  const nominated = { type: 'candidate-pair', state: 'succeeded', nominated: true, localCandidateId: 'L' }
  expect(routeOf([...report('relay', 'host').slice(2), ['Q', nominated]])).toBe('relayed')
})
