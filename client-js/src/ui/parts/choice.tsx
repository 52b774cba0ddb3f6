/** Controls for choosing: on or off, and one of several. */
import { useId } from 'preact/hooks'
import { texts } from '../language.ts'

type SwitchProps = {
  label: string
  hint?: string | undefined
  on: boolean
  change: (on: boolean) => void
  disabled?: boolean
}

export const Switch = ({ label, hint, on, change, disabled }: SwitchProps) => {
  const id = useId()
  return (
    <div class="choice">
      <span class="choice-words">
        <label for={id}>{label}</label>
        {hint !== undefined && (
          <span class="choice-hint" id={`${id}-hint`}>
            {hint}
          </span>
        )}
      </span>
      <input
        id={id}
        class="switch"
        type="checkbox"
        // biome-ignore lint/a11y/useAriaPropsForRole: the element's own `checked` says it
        role="switch"
        checked={on}
        disabled={disabled}
        aria-describedby={hint === undefined ? undefined : `${id}-hint`}
        onChange={event => change(event.currentTarget.checked)}
      />
    </div>
  )
}

export type Option<T extends string> = { readonly value: T; readonly label: string; readonly lang?: string }

type SelectProps<T extends string> = {
  label: string
  options: readonly Option<T>[]
  value: T
  change: (value: T) => void
  hint?: string | undefined
}

export const Select = <T extends string>({ label, options, value, change, hint }: SelectProps<T>) => {
  const id = useId()
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <select
        id={id}
        value={value}
        aria-describedby={hint === undefined ? undefined : `${id}-hint`}
        onChange={event => {
          const chosen = options.find(option => option.value === event.currentTarget.value)
          if (chosen) change(chosen.value)
        }}
      >
        {options.map(option => (
          <option key={option.value} value={option.value} lang={option.lang}>
            {option.label}
          </option>
        ))}
      </select>
      {hint !== undefined && (
        <p class="field-hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
    </div>
  )
}

type PeersMaxProps = { value: number; max?: number; change: (value: number) => void }

/** How many people a room holds: between two, who make a conversation, and twenty, whom a mesh still bears. */
export const PeersMax = ({ value, max = 20, change }: PeersMaxProps) => (
  <div class="field">
    <label for="peers-max">{texts().create.peersMax}</label>
    <div class="range">
      <input
        id="peers-max"
        type="range"
        min="2"
        max={max}
        value={value}
        onInput={event => change(event.currentTarget.valueAsNumber)}
      />
      <output for="peers-max">{value}</output>
    </div>
  </div>
)
