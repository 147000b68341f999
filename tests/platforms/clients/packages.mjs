// The packages that scripts/oracles installed: these scripts lie elsewhere.
import { createRequire } from "node:module";
import { join } from "node:path";

export const require = createRequire(join(process.env.PLATFORMS_PACKAGES, "package.json"));
