// A form made of a JSON Schema: fields for what is plain, and JSON for the rest, or for all of it.

import { useState } from 'preact/hooks';

type Schema = { [key: string]: any };

/** Levels of objects for which there are fields. */
const DEEPEST = 4;

/** What stands at a reference within the schema. */
function resolved(schema: Schema, root: Schema, depth = 0): Schema {
  const reference = schema?.$ref;
  if (typeof reference !== 'string' || !reference.startsWith('#') || depth > 8) return schema ?? {};
  let at: any = root;
  for (const part of reference.slice(2).split('/').filter(Boolean))
    at = at?.[decodeURIComponent(part).replace(/~1/g, '/').replace(/~0/g, '~')];
  return resolved(at ?? {}, root, depth + 1);
}

/** The type that a value is to have; undefined where any will do. */
function typeOf(schema: Schema): string | undefined {
  const { type } = schema;
  if (Array.isArray(type)) return type.find((one) => one !== 'null');
  if (typeof type === 'string') return type;
  return schema.properties ? 'object' : undefined;
}

/** A value to begin with. */
export function blank(given: unknown): unknown {
  return start((given ?? {}) as Schema, (given ?? {}) as Schema, 0);
}

function start(given: Schema, root: Schema, depth: number): unknown {
  const schema = resolved(given, root);
  if (schema.default !== undefined) return schema.default;
  if (schema.const !== undefined) return schema.const;
  if (Array.isArray(schema.examples) && schema.examples.length > 0) return schema.examples[0];
  if (Array.isArray(schema.enum)) return schema.enum[0];
  switch (typeOf(schema)) {
    case 'object': {
      const members: [string, unknown][] = [];
      const required = new Set(schema.required ?? []);
      for (const [name, member] of Object.entries<Schema>(schema.properties ?? {})) {
        if (required.has(name) && depth < DEEPEST) members.push([name, start(member, root, depth + 1)]);
      }
      return Object.fromEntries(members);
    }
    case 'string':
      return '';
    case 'integer':
    case 'number':
      return typeof schema.minimum === 'number' ? schema.minimum : 0;
    case 'boolean':
      return false;
    case 'array':
      return [];
    default:
      return null;
  }
}

/** Fields for a payload. `fault` gets why what stands in it is no value; blank where it is one. */
export function SchemaForm(props: {
  schema: unknown;
  value: unknown;
  change: (value: unknown) => void;
  fault: (text: string) => void;
}) {
  const { value, change, fault } = props;
  const schema = (props.schema ?? {}) as Schema;
  const hasFields =
    typeOf(resolved(schema, schema)) === 'object' && Object.keys(resolved(schema, schema).properties ?? {}).length > 0;
  const [isRaw, setRaw] = useState(!hasFields);
  return (
    <fieldset class="payload">
      <legend>
        Payload
        {hasFields && (
          <button
            type="button"
            class="button quiet"
            onClick={() => {
              setRaw(!isRaw);
              fault('');
            }}
          >
            {isRaw ? 'As a form' : 'As JSON'}
          </button>
        )}
      </legend>
      {isRaw ? (
        <Json label="Payload, as JSON" value={value} change={change} fault={fault} rows={6} />
      ) : (
        <Members
          schema={resolved(schema, schema)}
          root={schema}
          value={value}
          change={change}
          fault={fault}
          depth={0}
        />
      )}
    </fieldset>
  );
}

interface FieldProps {
  schema: Schema;
  root: Schema;
  value: any;
  change: (value: unknown) => void;
  fault: (text: string) => void;
  depth: number;
}

function Members({ schema, root, value, change, fault, depth }: FieldProps) {
  const members = value !== null && typeof value === 'object' && !Array.isArray(value) ? value : {};
  const required = new Set<string>(schema.required ?? []);
  return (
    <>
      {Object.entries<Schema>(schema.properties ?? {}).map(([name, given]) => {
        const member = resolved(given, root);
        const has = Object.hasOwn(members, name);
        const put = (value: unknown) => {
          const rest = Object.entries(members).filter(([other]) => other !== name);
          change(Object.fromEntries(value === undefined ? rest : [...rest, [name, value]]));
        };
        return (
          <div key={name} class="member">
            {!required.has(name) && (
              <label class="check">
                <input
                  type="checkbox"
                  checked={has}
                  onChange={(event) => put(event.currentTarget.checked ? start(member, root, depth + 1) : undefined)}
                />
                <span>{name}</span>
              </label>
            )}
            {(has || required.has(name)) && (
              <Field
                name={name}
                schema={member}
                root={root}
                value={members[name]}
                change={put}
                fault={fault}
                depth={depth + 1}
                isNamed={!required.has(name)}
              />
            )}
            {typeof member.description === 'string' && <p class="faint">{member.description}</p>}
          </div>
        );
      })}
    </>
  );
}

function Field(props: FieldProps & { name: string; isNamed: boolean }) {
  const { name, schema, value, change, isNamed } = props;
  const label = <span class={isNamed ? 'unseen' : undefined}>{name}</span>;
  if (Array.isArray(schema.enum)) {
    return (
      <label class="field">
        {label}
        <select value={JSON.stringify(value)} onChange={(event) => change(JSON.parse(event.currentTarget.value))}>
          {schema.enum.map((one) => (
            <option key={JSON.stringify(one)} value={JSON.stringify(one)}>
              {String(one)}
            </option>
          ))}
        </select>
      </label>
    );
  }
  switch (typeOf(schema)) {
    case 'string':
      return (
        <label class="field">
          {label}
          <input
            type="text"
            value={typeof value === 'string' ? value : ''}
            onInput={(event) => change(event.currentTarget.value)}
          />
        </label>
      );
    case 'integer':
    case 'number':
      return (
        <label class="field">
          {label}
          <input
            type="number"
            step={typeOf(schema) === 'integer' ? 1 : 'any'}
            min={schema.minimum}
            max={schema.maximum}
            value={typeof value === 'number' ? value : ''}
            onInput={(event) => change(event.currentTarget.value === '' ? 0 : event.currentTarget.valueAsNumber)}
          />
        </label>
      );
    case 'boolean':
      return (
        <label class="check">
          <input type="checkbox" checked={value === true} onChange={(event) => change(event.currentTarget.checked)} />
          <span>{isNamed ? 'true' : name}</span>
        </label>
      );
    case 'object':
      if (schema.properties && props.depth < DEEPEST) {
        return (
          <fieldset class="payload">
            <legend class={isNamed ? 'unseen' : undefined}>{name}</legend>
            <Members {...props} />
          </fieldset>
        );
      }
  }
  return <Json label={`${name}, as JSON`} value={value} change={change} fault={props.fault} rows={2} />;
}

function Json(props: {
  label: string;
  value: unknown;
  change: (value: unknown) => void;
  fault: (text: string) => void;
  rows: number;
}) {
  const { label, value, change, fault, rows } = props;
  const [text, setText] = useState(() => JSON.stringify(value ?? null, null, 2));
  const [problem, setProblem] = useState('');
  const read = (text: string) => {
    setText(text);
    let found = '';
    try {
      change(text.trim() === '' ? null : JSON.parse(text));
    } catch (error) {
      found = `This is not JSON: ${(error as Error).message}`;
    }
    setProblem(found);
    fault(found);
  };
  return (
    <label class="field">
      <span>{label}</span>
      <textarea
        class="mono"
        rows={rows}
        spellcheck={false}
        value={text}
        aria-invalid={problem !== ''}
        onInput={(event) => read(event.currentTarget.value)}
      />
      {problem && (
        <span class="failure" role="alert">
          {problem}
        </span>
      )}
    </label>
  );
}
