/** A labelled text field, with its hint, and with what is wrong said where it happened. */
import type { ComponentChildren } from 'preact'
import { useId, useLayoutEffect, useRef } from 'preact/hooks'
import { texts } from '../language.ts'

export type FieldProps = {
  label: string
  value: string
  input: (value: string) => void
  hint?: string | undefined
  trouble?: string | undefined
  unitsMax?: number
  placeholder?: string
  autocomplete?: string
  autofocus?: boolean
  /** Room for a button beside the field. */
  beside?: ComponentChildren
}

/** How much is left where it begins to be said. */
const nearEnd = (unitsMax = 0): number => Math.max(5, Math.floor(unitsMax / 10))

export const Field = (props: FieldProps) => {
  const id = useId()
  const field = useRef<HTMLInputElement>(null)
  const { label, value, input, hint, trouble, unitsMax, placeholder, autocomplete, autofocus, beside } = props
  // The browser takes no more, and cuts what is pasted without a word.
  const left = unitsMax === undefined ? null : Math.max(0, unitsMax - value.length)
  const near = left !== null && left <= nearEnd(unitsMax)
  const described = [
    trouble !== undefined ? `${id}-trouble` : hint !== undefined && `${id}-hint`,
    near && `${id}-left`,
  ].filter(Boolean)
  useLayoutEffect(() => {
    if (autofocus) field.current?.focus()
  }, [autofocus])
  useLayoutEffect(() => {
    if (trouble !== undefined) field.current?.focus()
  }, [trouble])
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <div class="field-row">
        <input
          id={id}
          ref={field}
          type="text"
          value={value}
          maxLength={unitsMax}
          placeholder={placeholder}
          autocomplete={autocomplete ?? 'off'}
          autocapitalize="off"
          spellcheck={false}
          aria-invalid={trouble !== undefined}
          aria-describedby={described.join(' ') || undefined}
          onInput={event => input(event.currentTarget.value)}
        />
        {beside}
      </div>
      {near && (
        <p class="field-hint" id={`${id}-left`} role="status">
          {texts().chat.left(left)}
        </p>
      )}
      {trouble !== undefined ? (
        <p class="field-trouble" id={`${id}-trouble`} role="alert">
          {trouble}
        </p>
      ) : (
        hint !== undefined && (
          <p class="field-hint" id={`${id}-hint`}>
            {hint}
          </p>
        )
      )}
    </div>
  )
}
