// Generated from the topics of .aiwg/daemon.json by `aiwg generate ts`. Do not edit.
// It types the topics of the client of `aiwg`; tsconfig.json has to include it.

import 'aiwg';

declare module 'aiwg' {
  interface TopicMap extends ProjectTopics {}

  interface TopicSettings {
    strict: true;
  }
}

/** The topics of the project, each with its payload. */
export interface ProjectTopics {
  'anything:goes': AnythingGoes;
  'build:started': BuildStarted;
  /** A deployment went live. */
  'deployment:complete': DeploymentComplete;
}

export type AnythingGoes = unknown;

export type BuildStarted = null;

/** A deployment went live. */
export interface DeploymentComplete {
  /** The version that is live. Not empty. */
  version: string;
  environment?: DeploymentCompleteEnvironment | undefined;
  hosts?: DeploymentCompleteHost[] | undefined;
  /** In seconds; null where nobody has looked. */
  took?: number | null | undefined;
}

export type DeploymentCompleteEnvironment = 'staging' | 'production';

export interface DeploymentCompleteHost {
  name: string;
  port?: number | undefined;
}
