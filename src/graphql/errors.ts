import { ConflictError, DomainError, NotFoundError, ValidationError, type FieldError } from '../errors.ts'
import { builder } from './builder.ts'

const ErrorInterface = builder.interfaceRef<DomainError>('Error').implement({
  description: 'A failure that the caller can act on.',
  fields: (t) => ({
    message: t.exposeString('message', { description: 'What happened, the value, and what to do.' }),
    code: t.exposeString('code', { description: 'Stable name of the failure, for programs.' }),
  }),
})

export const FieldErrorType = builder.objectRef<FieldError>('FieldError').implement({
  fields: (t) => ({
    path: t.exposeStringList('path', { description: 'Path into the input, as in ["parameterSpace", "2", "high"].' }),
    message: t.exposeString('message'),
    column: t.int({
      nullable: true,
      description: 'Where the value is an expression: the first character that is wrong, from 1.',
      resolve: ({ column }) => column ?? null,
    }),
  }),
})

builder.objectType(ValidationError, {
  name: 'ValidationError',
  description: 'The input was understood but is not acceptable; every offending field is named.',
  interfaces: [ErrorInterface],
  fields: (t) => ({ fieldErrors: t.field({ type: [FieldErrorType], resolve: (error) => error.fieldErrors }) }),
})

builder.objectType(NotFoundError, {
  name: 'NotFoundError',
  interfaces: [ErrorInterface],
  fields: (t) => ({ id: t.exposeID('id', { nullable: true }) }),
})

builder.objectType(ConflictError, {
  name: 'ConflictError',
  description:
    'The state changed under the caller: already applied, already running, expired, or a newer version exists.',
  interfaces: [ErrorInterface],
})
