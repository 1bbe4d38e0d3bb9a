// Puts the documents of the repository into the package that is about to be packed.

import { copyFileSync } from "node:fs";

for (const name of ["LICENSE", "NOTICE", "README.md"]) {
  copyFileSync(
    new URL(`../${name}`, import.meta.url),
    new URL(`../packages/lora-calc/${name}`, import.meta.url),
  );
}
