"""The simulated world: objects, scene, hand, physics, camera. It measures and moves; it never judges."""
