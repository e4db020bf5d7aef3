"""The words that both worlds speak: programmes, models, inputs, outputs, alarm conditions, status.

Frozen values only, standard library only. Nothing here decides anything; the controller does. Counted quantities are
``int`` (ns, motor steps, nL, nL/h), measured ones ``float`` with the unit in the name.
"""
