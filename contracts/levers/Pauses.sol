// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

// Fixtures of ours: the names under which a pause of the whole contract goes in the wild, each with one of the views that say so.

abstract contract LeverPauses {
    address public owner = msg.sender;
    bool internal off;
    uint256 public acts;

    modifier onlyOwner() {
        require(msg.sender == owner, "not the owner");
        _;
    }

    function act() external {
        require(!off, "paused");
        acts++;
    }

    function set(bool to) internal onlyOwner {
        off = to;
    }
}

contract LeverSetPaused is LeverPauses {
    function setPaused(bool to) external {
        set(to);
    }

    function paused() external view returns (bool) {
        return off;
    }
}

contract LeverSetPause is LeverPauses {
    function setPause(bool to) external {
        set(to);
    }

    function isPaused() external view returns (bool) {
        return off;
    }
}

contract LeverPauseAll is LeverPauses {
    function pauseAll() external {
        set(true);
    }

    function unpauseAll() external {
        set(false);
    }

    function globalPaused() external view returns (bool) {
        return off;
    }
}

contract LeverEmergencyPause is LeverPauses {
    function emergencyPause() external {
        set(true);
    }

    function emergencyUnpause() external {
        set(false);
    }

    function getPaused() external view returns (bool) {
        return off;
    }
}

contract LeverEmergencyStop is LeverPauses {
    function emergencyStop() external {
        set(true);
    }
}

contract LeverPauseContract is LeverPauses {
    function pauseContract() external {
        set(true);
    }

    function unpauseContract() external {
        set(false);
    }

    function paused() external view returns (bool) {
        return off;
    }
}

contract LeverPauseProtocol is LeverPauses {
    function pauseProtocol() external {
        set(true);
    }

    function unpauseProtocol() external {
        set(false);
    }

    function paused() external view returns (bool) {
        return off;
    }
}

contract LeverStop is LeverPauses {
    function stop() external {
        set(true);
    }

    function start() external {
        set(false);
    }

    function stopped() external view returns (bool) {
        return off;
    }
}

contract LeverHalt is LeverPauses {
    function halt() external {
        set(true);
    }

    function resume() external {
        set(false);
    }

    function isStopped() external view returns (bool) {
        return off;
    }
}

contract LeverFreeze is LeverPauses {
    function freeze() external {
        set(true);
    }

    function unfreeze() external {
        set(false);
    }
}
