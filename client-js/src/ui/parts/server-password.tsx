/** The field for the server's password, which shows when somebody would have to be invited. */
import { texts } from '../language.ts'
import type { Model } from '../model.ts'
import { Field } from './field.tsx'

export const ServerPassword = ({ model }: { model: Model }) => (
  <Field
    label={texts().access.password}
    hint={texts().access.hint}
    value={model.serverPassword.value}
    input={password => {
      model.serverPassword.value = password
    }}
  />
)
