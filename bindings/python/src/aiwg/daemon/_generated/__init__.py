# Generated from the definition in protocol/ by scripts/generate. Do not edit.
