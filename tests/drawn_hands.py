"""Grippers as somebody might draw them, with their adapters: a rack that points sideways, and a linkage of four bars."""

from pathlib import Path

RACK = """
<mujoco>
  <worldbody>
    <body name="base" pos="0.1 0.2 0.3">
      <geom type="box" size="0.02 0.06 0.03"/>
      <site name="grip" pos="0.09 0 0"/>
      <body name="upper" pos="0.02 0.045 0">
        <joint name="upper" type="slide" axis="0 1 0" range="-0.045 0.01"/>
        <geom type="box" size="0.045 0.005 0.008" pos="0.045 0 0" contype="1"/>
        <geom name="upper_pad" type="box" size="0.01 0.002 0.007" pos="0.075 -0.006 0"/>
      </body>
      <body name="lower" pos="0.02 -0.045 0">
        <joint name="lower" type="slide" axis="0 1 0" range="-0.01 0.045"/>
        <geom type="box" size="0.045 0.005 0.008" pos="0.045 0 0"/>
        <geom name="lower_pad" type="box" size="0.01 0.002 0.007" pos="0.075 0.006 0"/>
      </body>
    </body>
  </worldbody>
  <equality><joint joint1="lower" joint2="upper" polycoef="0 -1 0 0 0"/></equality>
  <tendon><fixed name="screw"><joint joint="upper" coef="2"/></fixed></tendon>
  <actuator><motor tendon="screw" forcelimited="true" forcerange="-20 20"/></actuator>
</mujoco>
"""
"""Points along x; its second finger follows the first by an equality; its motor turns a screw. Opens to 74 mm."""
RACK_ADAPTER = """
left_pad = ["upper_pad"]
right_pad = ["lower_pad"]
approach = [1, 0, 0]
[joints]
upper = [0.0, -0.035]
"""
BAR = """
      <body name="{side}_crank" pos="{x} 0 0.03">
        <joint name="{side}_crank" axis="0 1 0"/>
        <geom type="capsule" fromto="0 0 0 0 0 0.05" size="0.004"/>
        <body name="{side}_tip" pos="0 0 0.05">
          <joint name="{side}_tip" axis="0 1 0" damping="0.001" armature="0.0001"/>
          <geom type="box" size="0.003 0.006 0.02" pos="0 0 0.02"/>
          <geom name="{side}_pad" type="box" size="0.003 0.006 0.01" pos="{inward} 0 0.03"/>
        </body>
      </body>
      <body name="{side}_follower" pos="{half} 0 0.03">
        <joint name="{side}_follower" axis="0 1 0" damping="0.001" armature="0.0001"/>
        <geom type="capsule" fromto="0 0 0 0 0 0.05" size="0.003"/>
      </body>
"""
BARS = "".join(BAR.format(side=side, x=s * 0.04, half=s * 0.02, inward=s * -0.004) for side, s in (("left", 1), ("right", -1)))
LINKAGE = f"""
<mujoco>
  <compiler angle="radian"/>
  <worldbody><body name="base"><geom type="cylinder" size="0.035 0.015"/>{BARS}</body></worldbody>
  <equality>
    <connect body1="left_tip" body2="left_follower" anchor="-0.02 0 0"/>
    <connect body1="right_tip" body2="right_follower" anchor="0.02 0 0"/>
  </equality>
</mujoco>
"""
"""Two parallelograms; the cranks are driven, tips and followers hang on them. Its pads move on arcs and stay level."""
LINKAGE_ADAPTER = """
left_pad = ["left_pad"]
right_pad = ["right_pad"]
mass_kg = 0.5
[joints]
left_crank = [0.3, -0.65]
right_crank = [-0.3, 0.65]
"""


def drawn(folder: Path, name: str, model: str, adapter: str) -> str:
    """Writes a gripper and its adapter; the path that `--hand` takes."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.xml").write_text(model)
    (folder / f"{name}.toml").write_text(adapter)
    return str(folder / f"{name}.xml")
