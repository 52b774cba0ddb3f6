/** Tries the connection on request, and shows what came of each step, for reading and for copying. */
import { useEffect, useRef, useState } from 'preact/hooks'
import { texts } from '../../language.ts'
import type { CheckedShown, Commands } from '../../model.ts'

type Phase = 'idle' | 'running' | 'done'

export const ConnectionCheck = ({ commands }: { commands: Commands }) => {
  const [phase, setPhase] = useState<Phase>('idle')
  const [found, setFound] = useState<readonly CheckedShown[]>([])
  const [copied, setCopied] = useState(false)
  const end = useRef<HTMLDivElement>(null)
  // The list has pushed the verdict and what can be done with it out of sight by then.
  useEffect(() => {
    if (phase === 'done') end.current?.scrollIntoView({ block: 'nearest' })
  }, [phase])
  const run = async (): Promise<void> => {
    setPhase('running')
    setFound([])
    setCopied(false)
    await commands.checkConnection(checked => setFound(before => [...before, checked]))
    setPhase('done')
  }
  const copy = async (): Promise<void> => setCopied(await commands.copy(report(found)))
  const words = texts().check
  return (
    <section class="servers" aria-labelledby="connection-check">
      <h3 id="connection-check">{words.title}</h3>
      <p class="field-hint">{words.lead}</p>
      <ul class="checks" aria-busy={phase === 'running'}>
        {found.map((checked, index) => (
          <li key={index} class={`check check-${checked.outcome}`}>
            <span>
              {words.steps[checked.step]}: <strong>{words.outcomes[checked.outcome]}</strong>
            </span>
            {checked.detail !== '' && (
              <span class="server-address check-detail field-hint" dir="ltr">
                {checked.detail}
              </span>
            )}
            {(checked.outcome === 'fault' ||
              checked.outcome === 'skipped' ||
              checked.detail === 'polling') && <span class="field-hint">{hint(checked)}</span>}
          </li>
        ))}
      </ul>
      <div class="server-form" ref={end}>
        <p class="form-trouble" role="status">
          {phase === 'running' && words.running}
          {phase === 'done' && verdict(found)}
        </p>
        <button
          type="button"
          class="button"
          aria-disabled={phase === 'running'}
          onClick={() => phase !== 'running' && void run()}
        >
          {phase === 'done' ? words.again : words.start}
        </button>
        {phase === 'done' && (
          <button type="button" class="button button-small" onClick={() => void copy()}>
            {copied ? words.copied : words.copy}
          </button>
        )}
      </div>
    </section>
  )
}

const ways = ['udp', 'tcp', 'tls'] as const

const hint = ({ step, outcome, detail }: CheckedShown): string => {
  const { hints } = texts().check
  if (outcome === 'skipped') return hints.skipped
  if (step === 'udp' || step === 'tcp' || step === 'tls') return hints.relay
  if (step === 'microphone' || step === 'camera') return hints.device
  return step === 'server' ? (detail === '' ? hints.away : hints.polling) : hints[step]
}

const verdict = (found: readonly CheckedShown[]): string => {
  const { verdicts } = texts().check
  const server = found.find(({ step }) => step === 'server')
  if (server?.outcome !== 'good') return verdicts.none
  const relayed = ways.filter(way => found.some(it => it.step === way && it.outcome === 'good'))
  if (found.some(({ outcome }) => outcome === 'skipped')) return verdicts.untried
  return relayed.length === 0
    ? verdicts.direct
    : verdicts.relayed(relayed.map(it => it.toUpperCase()).join(', '))
}

const report = (found: readonly CheckedShown[]): string => {
  const { steps, outcomes } = texts().check
  const lines = found.map(({ step, outcome, detail }) =>
    `${steps[step]}: ${outcomes[outcome]} ${detail}`.trimEnd(),
  )
  return [...lines, verdict(found), navigator.userAgent].join('\n')
}
