"""The grammar of the language: `arch.lark`."""
