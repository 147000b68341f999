/** The end of a connection to the gateway. */
export interface End {
  address: string;
  code: number;
  reason: string;
  /** False where it had never been open. */
  wasOpen: boolean;
  /** True if the page itself has ended it. */
  isOurs?: boolean;
}

export declare const CODES: { dashboardEnds: number; daemonAway: number; noProject: number; notUsable: number };
/** Ends all connections to an address, over which nothing comes any more. */
export declare function cut(address: string): void;
export declare function watchEnds(listener: (end: End) => void): void;
