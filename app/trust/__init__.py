"""Certificates of USBKeys, trust anchors, revocation lists, challenges, signatures of decisions."""
