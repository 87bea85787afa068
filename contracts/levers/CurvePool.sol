// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

/// A fixture of ours: `kill_me` of Curve's first pools (3pool), written anew. Its flag and its deadline have no views there.
contract LeverCurvePool {
    uint256 private constant KILL_DEADLINE_DT = 60 days;

    address public owner = msg.sender;
    bool private is_killed;
    uint256 private immutable kill_deadline = block.timestamp + KILL_DEADLINE_DT;
    uint256 public moved;

    modifier alive() {
        require(!is_killed, "is killed");
        _;
    }

    function kill_me() external {
        require(msg.sender == owner, "only owner");
        require(kill_deadline > block.timestamp, "deadline has passed");
        is_killed = true;
    }

    function unkill_me() external {
        require(msg.sender == owner, "only owner");
        is_killed = false;
    }

    function add_liquidity(uint256[3] calldata, uint256) external alive {
        moved++;
    }

    function exchange(int128, int128, uint256, uint256) external alive {
        moved++;
    }

    function remove_liquidity(uint256, uint256[3] calldata) external {
        moved++;
    }

    function remove_liquidity_imbalance(uint256[3] calldata, uint256) external alive {
        moved++;
    }

    function remove_liquidity_one_coin(uint256, int128, uint256) external alive {
        moved++;
    }
}
